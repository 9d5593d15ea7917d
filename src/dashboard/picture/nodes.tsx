/** The links at both sides of the picture. */
import type { Signal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { hrefTo } from '../state/place.ts';
import { appUrl } from '../urls.ts';
import { ROW } from './row-height.ts';
import type { LeftNode, RightNode } from './rows.ts';

/** Row under the pointer or with the focus: its lines stand out. */
type Active = Signal<string>;

/** Tells which lines belong to what is pointed at. */
function pointing(active: Active, value: string) {
  const on = (): void => {
    active.value = value;
  };
  const off = (): void => {
    active.value = '';
  };
  return { onMouseEnter: on, onMouseLeave: off, onFocus: on, onBlur: off };
}

/** A hostname, linked to the app. */
export function HostNode({ node: { key, row, route }, active }: { node: LeftNode; active: Active }): ComponentChild {
  const { tone, words } = stateOf(route);
  const isActive = active.value === `left ${key}`;
  return (
    <li style={{ top: `${row * ROW}px` }} class={isActive ? 'active' : undefined}>
      <a
        href={appUrl(key)}
        target="_blank"
        rel="noreferrer"
        title={`${key}: ${words}`}
        class={route ? 'node' : 'node candidate'}
        {...pointing(active, `left ${key}`)}
      >
        <span class="node-text">{key}</span>
        <i class={`dot ${tone}`} aria-hidden="true" />
        <span class="unseen">, {words}</span>
      </a>
    </li>
  );
}

function stateOf(route: LeftNode['route']): { tone: string; words: string } {
  if (!route) return { tone: 'none', words: 'not asked for yet' };
  const { reach } = route;
  if (reach.state === 'up') return { tone: 'good', words: `reaches ${reach.label}, port ${reach.port}` };
  return { tone: reach.state === 'away' ? 'bad' : 'wait', words: reach.detail };
}

/** A service, linked to what is known of it. */
export function ServiceNode({ node, active }: { node: RightNode; active: Active }): ComponentChild {
  const { label, ports, row, isUp } = node;
  return (
    <li style={{ top: `${row * ROW}px` }}>
      <a
        href={hrefTo('services', { text: label })}
        title={`${label} ${ports}`}
        class={isUp ? 'node' : 'node away'}
        {...pointing(active, `right ${row}`)}
      >
        <span class="node-text">{label}</span>
        <span class="ports">{ports}</span>
        {!isUp && <span class="unseen">, not running</span>}
      </a>
    </li>
  );
}
