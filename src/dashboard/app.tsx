/** The frame: state and navigation on top, one view below. */
import type { ComponentChild } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { DecisionsView } from './decisions-view.tsx';
import { LogsView } from './logs-view.tsx';
import { OverviewView } from './overview-view.tsx';
import { RequestsView } from './requests-view.tsx';
import { ServicesView } from './services-view.tsx';
import { SettingsView } from './settings-view.tsx';
import { hrefTo, place, VIEWS, type ViewName } from './state/place.ts';
import { Toasts } from './toasts.tsx';
import { TopBar } from './top-bar.tsx';
import { Warnings } from './warnings.tsx';

const CONTENT: Record<ViewName, () => ComponentChild> = {
  '': () => <OverviewView />,
  requests: () => <RequestsView />,
  decisions: () => <DecisionsView />,
  services: () => <ServicesView />,
  logs: () => <LogsView />,
  settings: () => <SettingsView />,
};

/** `/` leads to the view's filter, as it does in many places; not while somebody writes. */
function findOnSlash(event: KeyboardEvent): void {
  const { target, key, ctrlKey, metaKey, altKey } = event;
  const isWriting = target instanceof HTMLElement && target.matches('input, select, textarea');
  if (key !== '/' || isWriting || ctrlKey || metaKey || altKey) return;
  const field = document.querySelector<HTMLInputElement>('main input[type="search"]');
  if (!field) return;
  event.preventDefault();
  field.focus();
}

/** The whole page. */
export function App(): ComponentChild {
  const { view } = place.value;
  const tabs = useRef<HTMLElement>(null);
  // Six views are wider than a phone.
  useEffect(
    () => tabs.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' }),
    [view],
  );
  useEffect(() => {
    document.addEventListener('keydown', findOnSlash);
    return () => document.removeEventListener('keydown', findOnSlash);
  }, []);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to content
      </button>
      <header class="bar">
        <TopBar />
        <nav class="tabs" aria-label="Views" ref={tabs}>
          {VIEWS.map(([name, title]) => (
            <a key={name} href={hrefTo(name)} aria-current={name === view ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
      </header>
      <main id="main" tabIndex={-1}>
        <Warnings />
        {CONTENT[view]()}
      </main>
      <Toasts />
    </>
  );
}
