/** The event stream: what changed is asked for again, what happened is shown at once. */
import { signal } from '@preact/signals';
import type { LiveEvents, Topic } from '../../api/wire.ts';
import { decisions, routes, services, status, traffic } from './data.ts';
import { takeFigures } from './figures.ts';
import { loadedLogs, takeLogs } from './logs.ts';
import { showPulses } from './pulses.ts';
import { loadRequests, takeRequests } from './requests.ts';

/** How the stream is. `restarted`: the server is another one now, and this page's token is worth nothing there. */
export const connection = signal<'connecting' | 'live' | 'lost' | 'restarted'>('connecting');

/** Charts move on by themselves. */
const CHART_MS = 15_000;
/** After the browser has given up by itself (an answer that was no stream). */
const RETRY_MS = 3_000;

const byTopic: Record<Topic, { changed(): void }> = { routes, services, status, decisions };

/** Start listening, for as long as the page is open. */
export function connect(): void {
  const source = new EventSource('/_api/events');
  const on = <E extends keyof LiveEvents>(event: E, take: (data: LiveEvents[E]) => void): void => {
    source.addEventListener(event, (message) => take(JSON.parse(message.data) as LiveEvents[E]));
  };
  on('changed', (topics) => {
    for (const topic of topics) byTopic[topic]?.changed();
  });
  on('requests', (lines) => {
    takeRequests(lines);
    showPulses(lines);
    traffic.changed();
  });
  // Counters are the server's, so that every view says the same.
  on('figures', takeFigures);
  on('logs', takeLogs);
  on('lag', catchUp);
  source.addEventListener('open', () => {
    if (connection.value === 'lost') void afterLoss();
    else connection.value = 'live';
  });
  source.addEventListener('error', () => {
    connection.value = 'lost';
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
  });
}

/** Keep what moves by itself up to date while somebody looks: the charts, and the LLM's budget of this minute. */
export function keepCharts(): void {
  setInterval(() => {
    if (document.hidden) return;
    traffic.changed();
    status.changed();
  }, CHART_MS);
}

function catchUp(): void {
  for (const one of [routes, services, status, decisions, traffic, loadedLogs]) one.changed();
  void loadRequests();
}

async function afterLoss(): Promise<void> {
  const before = status.value.value?.startedAt;
  await status.load();
  const now = status.value.value?.startedAt;
  connection.value = before !== undefined && now !== before ? 'restarted' : 'live';
  catchUp();
}
