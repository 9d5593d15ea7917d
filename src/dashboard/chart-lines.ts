/** What charts of the last 15 minutes are drawn from. Pure. */
import type { TrafficAnswer } from '../api/wire.ts';
import { counted, formatMs } from './format.ts';

type Slice = TrafficAnswer['hosts'][string][number];

/** Of the drawing, in its own units; `slowest` in ms is its upper edge. */
export interface ChartSize {
  width: number;
  height: number;
  slowest: number;
}

/**
 * Points for a polyline each, for every run of slices that have a figure: no line goes on where nothing was asked. A
 * slice alone is a short level line.
 */
export function latencyLines(
  slices: readonly Slice[],
  figure: 'p50Ms' | 'p95Ms',
  { width, height, slowest }: ChartSize,
): string[] {
  const step = width / slices.length;
  const runs: [number, number][][] = [[]];
  for (const [i, slice] of slices.entries()) {
    const ms = slice[figure];
    if (ms === null) runs.push([]);
    else runs.at(-1)?.push([(i + 0.5) * step, height - 2 - (ms / slowest) * (height - 4)]);
  }
  return runs
    .filter((run) => run.length > 0)
    .map((run) => (run.length > 1 ? run : level(run[0] as [number, number], step)))
    .map((run) => run.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' '));
}

function level([x, y]: [number, number], step: number): [number, number][] {
  return [
    [x - step / 2, y],
    [x + step / 2, y],
  ];
}

/** The chart in words, for those who do not see it and as its title. */
export function trafficWords(slices: readonly Slice[]): string {
  const requests = slices.reduce((total, slice) => total + slice.requests, 0);
  const errors = slices.reduce((total, slice) => total + slice.errors, 0);
  const last = slices.findLast(({ p50Ms }) => p50Ms !== null);
  const pace = last ? `, lately ${formatMs(last.p50Ms)}, 95 % within ${formatMs(last.p95Ms)}` : '';
  return `${counted(requests, 'request')} in 15 minutes, ${counted(errors, 'error')}${pace}`;
}
