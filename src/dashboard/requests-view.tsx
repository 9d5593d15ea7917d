/** The last requests, as they come. */
import { useSignal, useSignalEffect } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { useEffect } from 'preact/hooks';
import type { RequestLine } from '../api/wire.ts';
import { formatCount } from './format.ts';
import { Pager, usePages } from './pager.tsx';
import { RequestDialog } from './request-dialog.tsx';
import { RequestRow } from './request-row.tsx';
import { RouteChart } from './route-chart.tsx';
import { SearchField } from './search-field.tsx';
import { routeList } from './state/data.ts';
import { place } from './state/place.ts';
import { fitsFilter, loadRequests, requestList, requestsProblem } from './state/requests.ts';

const PAGE_SIZE = 100;

const STATUSES = [
  ['', 'Any status'],
  ['2xx', '2xx'],
  ['3xx', '3xx'],
  ['4xx', '4xx'],
  ['5xx', '5xx'],
  ['error', 'Failed'],
  ['open', 'Open'],
] as const;

/** See the file's header. */
export function RequestsView(): ComponentChild {
  const route = useSignal('');
  const status = useSignal('');
  const text = useSignal('');
  const frozen = useSignal<readonly RequestLine[] | undefined>(undefined);
  useEffect(() => void loadRequests(), []);
  useSignalEffect(() => {
    const { query, item } = place.value;
    if (item !== undefined) return;
    route.value = query.get('route') ?? '';
    status.value = query.get('status') ?? '';
  });
  const all = frozen.value ?? requestList.value;
  const filter = { route: route.value, status: status.value, text: text.value };
  const fitting = all.filter((line) => fitsFilter(line, filter));
  const pages = usePages(fitting, PAGE_SIZE);
  const { item } = place.value;
  return (
    <section aria-labelledby="requests-title">
      <div class="toolbar">
        <h2 id="requests-title" class="unseen">
          Requests
        </h2>
        <SearchField value={text} label="Filter by method, URL or error" />
        <select aria-label="Route" value={route.value} onChange={(event) => (route.value = event.currentTarget.value)}>
          <option value="">All routes</option>
          {keysWith(route.value).map((key) => (
            <option key={key} value={key}>
              {key}
            </option>
          ))}
        </select>
        <select
          aria-label="Status"
          value={status.value}
          onChange={(event) => (status.value = event.currentTarget.value)}
        >
          {STATUSES.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
        <button
          type="button"
          aria-pressed={frozen.value !== undefined}
          onClick={() => (frozen.value = frozen.value ? undefined : requestList.value)}
        >
          {frozen.value ? 'Go on' : 'Pause'}
        </button>
        <span class="soft">
          {formatCount(fitting.length)} of {formatCount(all.length)}
        </span>
      </div>
      {route.value !== '' && <RouteChart routeKey={route.value} />}
      {requestsProblem.value && <p class="note bad">{requestsProblem.value.message}</p>}
      {fitting.length === 0 ? (
        <p class="soft empty">
          {all.length === 0 ? 'No request yet. Open an app, and it shows here.' : 'None fits the filter.'}
        </p>
      ) : (
        <div class="wide">
          <table class="cards requests">
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Status</th>
                <th scope="col">Method</th>
                <th scope="col">URL</th>
                <th scope="col">Upstream</th>
                <th scope="col" class="number">
                  Size
                </th>
                <th scope="col" class="number">
                  Took
                </th>
              </tr>
            </thead>
            <tbody>
              {pages.shown.map((line) => (
                <RequestRow key={line.id} line={line} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Pager of={pages} what="requests" />
      {item !== undefined && <RequestDialog key={item} id={item} />}
    </section>
  );
}

/** Routes to choose from; the chosen one is among them, also when it is forgotten. */
function keysWith(chosen: string): string[] {
  const keys = new Set(routeList.value.map(({ key }) => key));
  if (chosen !== '') keys.add(chosen);
  return [...keys];
}
