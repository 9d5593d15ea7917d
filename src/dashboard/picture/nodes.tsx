/** The links at both sides of the picture, and the projects, which fold. */
import type { Signal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { counted } from '../format.ts';
import { healthOf } from '../health.ts';
import { failingKeys } from '../state/figures.ts';
import { hrefTo } from '../state/place.ts';
import { appUrl } from '../urls.ts';
import { ROW } from './row-height.ts';
import type { GroupRow, LeftNode, RightNode } from './rows.ts';

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
  const { tone, words } = route
    ? healthOf(route, failingKeys.value.has(key))
    : { tone: 'none', words: 'not asked for yet' };
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

/** A service, linked to what is known of it. */
export function ServiceNode({ node, active }: { node: RightNode; active: Active }): ComponentChild {
  const { label, ports, row, isUp } = node;
  return (
    <li style={{ top: `${row * ROW}px` }}>
      <a
        href={hrefTo('services', { text: label.split(' · ', 1)[0] ?? label })}
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

/** A project above its services; folded, all of it in one line. */
export function GroupNode({ group, onToggle }: { group: GroupRow; onToggle: () => void }): ComponentChild {
  const { title, row, isOpen, services } = group;
  return (
    <li class="group" style={{ top: `${row * ROW}px` }}>
      <button type="button" class="node" aria-expanded={isOpen} title={title} onClick={onToggle}>
        <span class="node-text">{title}</span>
        {!isOpen && <span class="ports">{counted(services, 'service')}</span>}
      </button>
    </li>
  );
}

/** What leads to a folded project. */
export function FoldedHosts({ group, onToggle }: { group: GroupRow; onToggle: () => void }): ComponentChild {
  const { title, row, hostnames, bad } = group;
  if (group.isOpen || hostnames === 0) return null;
  return (
    <li style={{ top: `${row * ROW}px` }}>
      <button type="button" class="node folded" onClick={onToggle}>
        {bad > 0 && <span class="bad">{bad} without an answer,</span>}
        <span>{counted(hostnames, 'hostname')}</span>
        <span class="unseen"> of {title}</span>
        <i class={`dot ${bad > 0 ? 'bad' : 'good'}`} aria-hidden="true" />
      </button>
    </li>
  );
}
