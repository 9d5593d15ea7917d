/** Adding a route, or changing where one goes. */
import { useSignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { useId } from 'preact/hooks';
import type { RouteView } from '../api/wire.ts';
import { putRoute } from './edits.ts';
import { status } from './state/data.ts';
import { bodyOf, TargetFields, useTarget } from './target-fields.tsx';

/** @param route the one to change; undefined to add one */
export function RouteForm({ route, onClose }: { route?: RouteView; onClose: () => void }): ComponentChild {
  const reach = route?.reach.state === 'up' ? route.reach : undefined;
  const target = useTarget(reach ? (reach.id ?? '@address') : undefined, reach?.port);
  const hostname = useSignal(route?.key ?? '');
  const missing = useSignal('');
  const isBusy = useSignal(false);
  const id = useId();
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const body = bodyOf(target);
    missing.value = typeof body === 'string' ? body : '';
    const key = route?.key ?? withDomain(hostname.value);
    if (typeof body === 'string' || key === '') return;
    isBusy.value = true;
    const worked = await putRoute(key, body, route);
    isBusy.value = false;
    if (worked) onClose();
  };
  return (
    <form
      class="route-form"
      onSubmit={(event) => void submit(event)}
      onKeyDown={(event) => event.key === 'Escape' && onClose()}
    >
      {route === undefined && (
        <div class="field">
          <label for={`${id}-host`}>Hostname</label>
          <input
            id={`${id}-host`}
            ref={focusOnce}
            required
            placeholder="shop.localhost"
            spellcheck={false}
            autocapitalize="off"
            autocomplete="off"
            value={hostname.value}
            onInput={(event) => (hostname.value = event.currentTarget.value)}
          />
        </div>
      )}
      <TargetFields target={target} />
      <div class="buttons">
        <button type="submit" class="primary" disabled={isBusy.value}>
          {route === undefined ? 'Add route' : 'Save'}
        </button>
        <button type="button" onClick={onClose}>
          Cancel
        </button>
      </div>
      {missing.value !== '' && (
        <p class="bad" role="alert">
          {missing.value}
        </p>
      )}
    </form>
  );
}

/** `shop` means `shop.localhost`. */
function withDomain(typed: string): string {
  const key = typed.trim().toLowerCase();
  const domain = status.value.value?.domains[0] ?? 'localhost';
  return key === '' || key.includes('.') ? key : `${key}.${domain}`;
}

function focusOnce(input: HTMLInputElement | null): void {
  if (input && input !== document.activeElement && input.value === '') input.focus();
}
