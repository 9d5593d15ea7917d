/** Totals of each route: as they were loaded, and newer where the event stream brought them. */
import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { LiveEvents, RouteView } from '../../api/wire.ts';
import { routeList } from './data.ts';

type Figures = RouteView['traffic'];

const live = signal<ReadonlyMap<string, Figures>>(new Map());

/** What the event stream brought. */
export function takeFigures(news: LiveEvents['figures']): void {
  live.value = new Map([...live.value, ...Object.entries(news)]);
}

/** Of one route now. Whoever calls it in a component is shown again with each change. */
export function figuresOf(route: RouteView): Figures {
  // Requests are counted by hostname; a sibling's are among those of its origin.
  const newer = route.service === null ? live.value.get(route.hostname) : undefined;
  return newer && progress(newer) >= progress(route.traffic) ? newer : route.traffic;
}

/** Since when what a route reaches now answers nobody, epoch ms. What was started again meanwhile was not asked yet. */
export function failingSince(route: RouteView): number | undefined {
  const { failing, lastAtMs } = figuresOf(route);
  const { reach } = route;
  if (failing === null || reach.state !== 'up' || failing.id !== reach.id) return undefined;
  // A container keeps its id when it is started again.
  const startedAtMs = reach.startedAtMs ?? 0;
  return (lastAtMs ?? 0) < startedAtMs ? undefined : Math.max(failing.sinceMs, startedAtMs);
}

/** Only ever grows: what was loaded may be older than what came meanwhile, or newer. */
function progress({ requests, open }: Figures): number {
  return 2 * requests - open;
}

let lastFailing: ReadonlySet<string> = new Set();

/** Keys of routes that run and answer nobody. The same object as long as they are the same ones. */
export const failingKeys: ReadonlySignal<ReadonlySet<string>> = computed(() => {
  const now = routeList.value.filter((route) => failingSince(route) !== undefined).map(({ key }) => key);
  const isSame = now.length === lastFailing.size && now.every((key) => lastFailing.has(key));
  if (!isSame) lastFailing = new Set(now);
  return lastFailing;
});
