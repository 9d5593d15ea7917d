/** Where a request's time went. */
import type { ComponentChild } from 'preact';
import type { RequestDetail } from '../api/wire.ts';
import { formatMs } from './format.ts';

type Timings = RequestDetail['timings'];

/** One part of the time. */
export interface TimingPart {
  name: string;
  /** ms; null where it did not come to that. */
  ms: number | null;
  /** 0..1 of the total. */
  from: number;
  to: number;
}

/** The parts one after another; what is left after the first byte is the body. Pure. */
export function timingParts({ queueMs, connectMs, firstByteMs, totalMs }: Timings): TimingPart[] {
  const known = (queueMs ?? 0) + (connectMs ?? 0) + (firstByteMs ?? 0);
  const bodyMs = totalMs === null || firstByteMs === null ? null : Math.max(0, totalMs - known);
  const whole = Math.max(totalMs ?? 0, known, 0.001);
  let at = 0;
  const named: [string, number | null][] = [
    ['Queue', queueMs],
    ['Connect', connectMs],
    ['First byte', firstByteMs],
    ['Body', bodyMs],
  ];
  return named.map(([name, ms]) => {
    const from = at / whole;
    at += ms ?? 0;
    return { name, ms, from, to: at / whole };
  });
}

/** As bars, with the figures as a table. */
export function TimingBars({ timings }: { timings: Timings }): ComponentChild {
  const all = timingParts(timings);
  // Where nobody was reached there are none.
  const parts = all.some(({ ms }) => ms !== null) ? all : [];
  return (
    <table class="timings">
      <caption class="unseen">Timing</caption>
      <tbody>
        {parts.map(({ name, ms, from, to }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="bar-cell">
              <svg width="100%" height="10" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                {ms !== null && <rect x={from * 100} width={Math.max(0.6, (to - from) * 100)} height="10" rx="1" />}
              </svg>
            </td>
            <td class="number nowrap">{formatMs(ms)}</td>
          </tr>
        ))}
        <tr>
          <th scope="row">Total</th>
          <td />
          <td class="number nowrap">{timings.totalMs === null ? 'still open' : formatMs(timings.totalMs)}</td>
        </tr>
      </tbody>
    </table>
  );
}
