/** The last lines of the log, as they come. */
import { useSignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { useEffect } from 'preact/hooks';
import type { LogLine } from '../api/wire.ts';
import { counted, formatClock } from './format.ts';
import { Pager, usePages } from './pager.tsx';
import { SearchField } from './search-field.tsx';
import { LEVELS, loadedLogs, logList } from './state/logs.ts';

const PAGE_SIZE = 100;

/** See the file's header. */
export function LogsView(): ComponentChild {
  const text = useSignal('');
  const level = useSignal('');
  useEffect(() => void loadedLogs.load(), []);
  const least = LEVELS.indexOf(level.value as LogLine['level']);
  const wanted = text.value.trim().toLowerCase();
  const lines = logList.value.filter(
    (line) =>
      LEVELS.indexOf(line.level) >= least && (wanted === '' || JSON.stringify(line).toLowerCase().includes(wanted)),
  );
  const pages = usePages(lines, PAGE_SIZE);
  return (
    <section aria-labelledby="logs-title">
      <div class="toolbar">
        <h2 id="logs-title" class="unseen">
          Logs
        </h2>
        <SearchField value={text} label="Filter lines" />
        <select aria-label="Level" value={level.value} onChange={(event) => (level.value = event.currentTarget.value)}>
          <option value="">Every level</option>
          {LEVELS.map((one) => (
            <option key={one} value={one}>
              {one} and worse
            </option>
          ))}
        </select>
        <span class="soft">{counted(lines.length, 'line')}</span>
      </div>
      {loadedLogs.problem.value && <p class="note bad">{loadedLogs.problem.value.message}</p>}
      {lines.length === 0 ? (
        <p class="soft empty">
          {logList.value.length > 0
            ? 'No line fits the filter.'
            : 'Nothing went wrong since the start. With --log-level debug there is more to read here.'}
        </p>
      ) : (
        <div class="wide">
          <table class="cards logs">
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Level</th>
                <th scope="col">Message</th>
              </tr>
            </thead>
            <tbody>
              {pages.shown.map((line) => (
                <LogRow key={line.id} line={line} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Pager of={pages} what="lines" />
    </section>
  );
}

const TONES: Partial<Record<LogLine['level'], string>> = { warn: 'wait', error: 'bad', fatal: 'bad' };

function LogRow({ line: { time, level, message, fields } }: { line: LogLine }): ComponentChild {
  const more = Object.entries(fields);
  return (
    <tr>
      <td data-label="Time" class="mono soft nowrap">
        <time dateTime={time}>{formatClock(time)}</time>
      </td>
      <td data-label="Level" class={`nowrap ${TONES[level] ?? 'soft'}`}>
        {level}
      </td>
      <td data-label="Message">
        {message}
        {more.length > 0 && (
          <small class="mono">{more.map(([name, value]) => `${name}=${fieldText(value)}`).join(' ')}</small>
        )}
      </td>
    </tr>
  );
}

/** In quotation marks where it would run into the next one. */
function fieldText(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return /^[^\s=]+$/.test(value) ? value : `“${value}”`;
}
