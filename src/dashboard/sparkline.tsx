/** A route's last 15 minutes: requests as bars, the slowest of twenty as a line. */
import type { ComponentChild } from 'preact';
import type { TrafficAnswer } from '../api/wire.ts';
import { latencyLines, trafficWords } from './chart-lines.ts';

type Slice = TrafficAnswer['hosts'][string][number];

const WIDTH = 120;
const HEIGHT = 26;

/** The chart, and the same in words. */
export function Sparkline({ slices }: { slices: readonly Slice[] | undefined }): ComponentChild {
  const sum = slices?.reduce((total, { requests }) => total + requests, 0) ?? 0;
  if (slices === undefined || sum === 0) return <span class="soft">–</span>;
  const most = Math.max(...slices.map(({ requests }) => requests));
  const step = WIDTH / slices.length;
  const slowest = Math.max(...slices.map(({ p95Ms }) => p95Ms ?? 0), 1);
  const heightOf = (count: number): number => (count === 0 ? 0 : Math.max(2, (count / most) * (HEIGHT - 2)));
  return (
    <svg
      class="spark"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={trafficWords(slices)}
    >
      <title>{trafficWords(slices)}</title>
      <line x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} class="base" />
      {slices.map(
        ({ atMs, requests, errors }, i) =>
          // Fifty of these are in a page, and most of each is empty.
          requests > 0 && (
            <g key={atMs}>
              <rect x={i * step + 0.5} width={step - 1} y={HEIGHT - heightOf(requests)} height={heightOf(requests)} />
              {errors > 0 && (
                <rect
                  class="errors"
                  x={i * step + 0.5}
                  width={step - 1}
                  y={HEIGHT - heightOf(errors)}
                  height={heightOf(errors)}
                />
              )}
            </g>
          ),
      )}
      {latencyLines(slices, 'p95Ms', { width: WIDTH, height: HEIGHT, slowest }).map((points) => (
        <polyline key={points} points={points} />
      ))}
    </svg>
  );
}
