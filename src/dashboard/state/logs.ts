/** The last log lines, live. */
import { computed, signal } from '@preact/signals';
import type { LogLine, LogsAnswer } from '../../api/wire.ts';
import { resource } from './resource.ts';

const MAX_LINES = 1_000;

/** What the server kept. */
export const loadedLogs = resource<LogsAnswer>('/_api/logs', 1_000);
const since = signal<readonly LogLine[]>([]);

/** Levels, mildest first. */
export const LEVELS: readonly LogLine['level'][] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

/** Newest first. */
export const logList = computed<LogLine[]>(() => {
  const byId = new Map(loadedLogs.value.value?.lines.map((line) => [line.id, line]));
  for (const line of since.value) byId.set(line.id, line);
  return [...byId.values()].sort((a, b) => b.id - a.id).slice(0, MAX_LINES);
});

/** Lines that the event stream brought. */
export function takeLogs(lines: readonly LogLine[]): void {
  since.value = [...since.value, ...lines].slice(-MAX_LINES);
}
