/** The lines of the picture, and the requests that travel on them. Only decoration: the links say the same in words. */
import type { Signal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { pulses } from '../state/pulses.ts';
import { ROW } from './row-height.ts';
import type { Edge } from './rows.ts';

/** See the file's header. */
export function EdgeLines(props: {
  edges: readonly Edge[];
  /** Key of a route -> its line. */
  lines: ReadonlyMap<string, Edge>;
  width: number;
  height: number;
  active: Signal<string>;
}): ComponentChild {
  const { edges, lines, width, height, active } = props;
  const seen = new Set(edges);
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${Math.max(1, height)}`} aria-hidden="true">
      {edges.map((edge) => (
        <path
          key={edge.key}
          class={`edge ${edge.state}${isActive(edge, active.value) ? ' active' : ''}`}
          d={curve(edge, width)}
        />
      ))}
      {pulses.value.map(({ id, key, failed }) => {
        const edge = lines.get(key);
        return (
          edge &&
          seen.has(edge) && (
            <path key={`pulse ${id}`} class={failed ? 'pulse bad' : 'pulse'} pathLength={100} d={curve(edge, width)} />
          )
        );
      })}
    </svg>
  );
}

function isActive({ key, rightRow }: Edge, active: string): boolean {
  return active === `left ${key}` || active === `right ${rightRow}`;
}

function curve({ leftRow, rightRow }: Edge, width: number): string {
  const from = (leftRow + 0.5) * ROW;
  const to = (rightRow + 0.5) * ROW;
  const half = width / 2;
  return `M0 ${from} C${half} ${from} ${half} ${to} ${width} ${to}`;
}
