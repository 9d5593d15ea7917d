/** Every remembered hostname: what it reaches now, why, and how that goes. */
import { type ReadonlySignal, useSignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { useEffect } from 'preact/hooks';
import type { RouteView } from '../api/wire.ts';
import { counted, formatCount } from './format.ts';
import { Pager, usePages } from './pager.tsx';
import { RouteForm } from './route-form.tsx';
import { RouteRow } from './route-row.tsx';
import { chartKeys, routeList, routes, traffic } from './state/data.ts';

const PAGE_SIZE = 50;

/** See the file's header. @param text what somebody looks for */
export function RoutesTable({ text }: { text: ReadonlySignal<string> }): ComponentChild {
  const isAdding = useSignal(false);
  const editing = useSignal('');
  const all = routeList.value;
  const pages = usePages(
    all.filter((route) => fitsText(route, text.value)),
    PAGE_SIZE,
  );
  const charts = traffic.value.value?.hosts;
  const shown = pages.shown.map(({ key }) => key);
  useEffect(() => {
    chartKeys.value = shown;
    void traffic.load();
  }, [shown.join()]);
  return (
    <section aria-labelledby="routes-title">
      <div class="section-head">
        <h2 id="routes-title">Routes</h2>
        <span class="soft">{all.length > 0 && countText(pages.total, all.length)}</span>
        <div class="tools">
          <button type="button" onClick={() => (isAdding.value = true)}>
            Add route
          </button>
        </div>
      </div>
      {isAdding.value && <RouteForm onClose={() => (isAdding.value = false)} />}
      {all.length === 0 ? (
        <p class="soft">
          {routes.value.value === undefined
            ? 'The routes could not be loaded yet.'
            : 'None yet. Open the hostname of a service, and it is remembered here.'}
        </p>
      ) : (
        <div class="wide">
          <table class="cards routes">
            <thead>
              <tr>
                <th scope="col">Hostname</th>
                <th scope="col">Reaches</th>
                <th scope="col">By</th>
                <th scope="col">Why</th>
                <th scope="col" class="number">
                  Requests
                </th>
                <th scope="col">Last 15 min</th>
                <th scope="col">
                  <span class="unseen">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {pages.shown.map((route) => (
                <RouteRow key={route.key} route={route} slices={charts?.[route.key]} editing={editing} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {all.length > 0 && pages.total === 0 && <p class="soft">No route has “{text.value}” in it.</p>}
      <Pager of={pages} what="routes" />
    </section>
  );
}

function countText(fitting: number, all: number): string {
  return fitting === all ? counted(all, 'hostname') : `${formatCount(fitting)} of ${counted(all, 'hostname')}`;
}

function fitsText({ key, label, reason, reach }: RouteView, text: string): boolean {
  const where = reach.state === 'up' ? `${reach.label} ${reach.address}:${reach.port}` : reach.state;
  return `${key} ${label} ${where} ${reason}`.toLowerCase().includes(text.trim().toLowerCase());
}
