/** Requests as they pass through the picture: each is there for a second. */
import { signal } from '@preact/signals';
import type { RequestLine } from '../../api/wire.ts';

/** How long one takes from the hostname to the service; style/picture.css has the same. */
const PULSE_MS = 900;
/** A page with more at once is a blur, and costs the machine that the apps run on. */
const MAX_PULSES = 48;

/** One request under way in the picture. */
export interface Pulse {
  id: number;
  /** Of the route. */
  key: string;
  failed: boolean;
}

/** Those that are shown now. */
export const pulses = signal<readonly Pulse[]>([]);

const seen = new Set<number>();

/** Show requests that were not shown before. */
export function showPulses(lines: readonly RequestLine[]): void {
  const fresh = lines.filter(({ id }) => !seen.has(id)).slice(-MAX_PULSES);
  if (fresh.length === 0 || document.hidden) return;
  const added = fresh.map(({ id, hostname, service, status, error }) => {
    seen.add(id);
    return { id, key: service === null ? hostname : `${hostname}:${service}`, failed: status >= 500 || error !== null };
  });
  pulses.value = [...pulses.value, ...added].slice(-MAX_PULSES);
  setTimeout(() => {
    const gone = new Set(added.map(({ id }) => id));
    pulses.value = pulses.value.filter(({ id }) => !gone.has(id));
    // An id is told twice, at the request's begin and end; long ones may then pass a second time.
    if (seen.size > 5_000) seen.clear();
  }, PULSE_MS);
}
