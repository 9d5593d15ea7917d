/** The last 15 minutes of one route, large enough to be read: requests as bars, time to the first byte as lines. */
import type { ComponentChild } from 'preact';
import { useEffect } from 'preact/hooks';
import type { TrafficAnswer } from '../api/wire.ts';
import { latencyLines, trafficWords } from './chart-lines.ts';
import { formatClock, formatCount, formatMs } from './format.ts';
import { chartKeys, traffic } from './state/data.ts';

type Slice = TrafficAnswer['hosts'][string][number];

/** In the drawing's own units: it is stretched to the width that there is. */
const WIDTH = 900;
const HEIGHT = 72;

/** See the file's header. @param routeKey also of a route that is forgotten, which has none */
export function RouteChart({ routeKey }: { routeKey: string }): ComponentChild {
  useEffect(() => {
    chartKeys.value = [routeKey];
    void traffic.load();
  }, [routeKey]);
  const slices = traffic.value.value?.hosts[routeKey];
  if (slices === undefined || slices.every(({ requests }) => requests === 0)) return null;
  return (
    <figure class="chart">
      <figcaption>
        <strong>{routeKey}</strong> <span class="soft">{trafficWords(slices)}</span>
      </figcaption>
      <Drawing slices={slices} />
      <Legend slices={slices} />
    </figure>
  );
}

function Drawing({ slices }: { slices: readonly Slice[] }): ComponentChild {
  const most = Math.max(...slices.map(({ requests }) => requests));
  const step = WIDTH / slices.length;
  const heightOf = (count: number): number => (count === 0 ? 0 : Math.max(2, (count / most) * HEIGHT));
  const slowest = slowestOf(slices);
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" class="spark" aria-hidden="true">
      {slices.map(({ atMs, requests, errors }, i) => (
        <g key={atMs}>
          <rect x={i * step + 2} width={step - 4} y={HEIGHT - heightOf(requests)} height={heightOf(requests)} />
          <rect
            class="errors"
            x={i * step + 2}
            width={step - 4}
            y={HEIGHT - heightOf(errors)}
            height={heightOf(errors)}
          />
        </g>
      ))}
      {latencyLines(slices, 'p95Ms', { width: WIDTH, height: HEIGHT, slowest }).map((points) => (
        <polyline key={`95 ${points}`} points={points} class="p95" />
      ))}
      {latencyLines(slices, 'p50Ms', { width: WIDTH, height: HEIGHT, slowest }).map((points) => (
        <polyline key={`50 ${points}`} points={points} />
      ))}
    </svg>
  );
}

function Legend({ slices }: { slices: readonly Slice[] }): ComponentChild {
  const first = slices[0];
  const most = Math.max(...slices.map(({ requests }) => requests));
  return (
    <div class="legend soft">
      <span>{first && formatClock(first.atMs)}</span>
      <span>
        <i class="key requests" /> requests (at most {formatCount(most)} in 30 s) <i class="key errors" /> failed{' '}
        <i class="key p50" /> half of them within <i class="key p95" /> 95 % within (at most{' '}
        {formatMs(slowestOf(slices))})
      </span>
      <span>now</span>
    </div>
  );
}

function slowestOf(slices: readonly Slice[]): number {
  return Math.max(...slices.map(({ p95Ms }) => p95Ms ?? 0), 1);
}
