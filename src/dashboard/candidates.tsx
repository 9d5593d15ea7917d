/** Services that no route leads to yet, with the hostname that each would get. */
import type { ReadonlySignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { bodyFor, groupOf, type ServiceLine, titleOf } from './choice.ts';
import { putRoute } from './edits.ts';
import { counted } from './format.ts';
import { Pager, usePages } from './pager.tsx';
import { routeByKey, routeList, services } from './state/data.ts';
import { appUrl } from './urls.ts';

const PAGE_SIZE = 25;

/** Nothing where every service is routed. @param text what somebody looks for */
export function Candidates({ text }: { text: ReadonlySignal<string> }): ComponentChild {
  const { processes = [], containers = [] } = services.value.value ?? {};
  const reached = new Set(routeList.value.flatMap(({ reach }) => (reach.state === 'up' ? [reach.id] : [])));
  const open = [...processes, ...containers].filter(
    (service) => service.ports.length > 0 && !reached.has(service.id) && fitsText(service, text.value),
  );
  const pages = usePages(open, PAGE_SIZE);
  if (open.length === 0) return null;
  return (
    <section aria-labelledby="candidates-title">
      <div class="section-head">
        <h2 id="candidates-title">Not routed yet</h2>
        <span class="soft">{counted(open.length, 'service')}; opening the hostname is all it takes</span>
      </div>
      <div class="wide">
        <table class="cards">
          <thead>
            <tr>
              <th scope="col">Hostname</th>
              <th scope="col">Service</th>
              <th scope="col">Project</th>
              <th scope="col">Ports</th>
              <th scope="col">
                <span class="unseen">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {pages.shown.map((service) => (
              <CandidateRow key={service.id} service={service} />
            ))}
          </tbody>
        </table>
      </div>
      <Pager of={pages} what="services" />
    </section>
  );
}

function fitsText(service: ServiceLine, text: string): boolean {
  const { hostname = '', ports } = service;
  return `${hostname} ${titleOf(service)} ${groupOf(service)} :${ports.join(' :')}`
    .toLowerCase()
    .includes(text.trim().toLowerCase());
}

function CandidateRow({ service }: { service: ServiceLine }): ComponentChild {
  const { hostname, ports } = service;
  const label = titleOf(service);
  const route = (): void => {
    const [port] = ports;
    if (hostname === undefined || port === undefined) return;
    const body = bodyFor(service, port, services.value.value?.processes ?? []);
    void putRoute(hostname, body, routeByKey.value.get(hostname));
  };
  return (
    <tr>
      <td data-label="Hostname" class="mono">
        {hostname === undefined ? (
          <span class="soft">none of its own</span>
        ) : (
          <a href={appUrl(hostname)} target="_blank" rel="noreferrer">
            {hostname}
          </a>
        )}
      </td>
      <td data-label="Service">{label}</td>
      <td data-label="Project" class="soft">
        {groupOf(service)}
      </td>
      <td data-label="Ports" class="mono">
        {ports.join(', ')}
      </td>
      <td class="actions">
        {hostname !== undefined && (
          <button type="button" class="small" aria-label={`Route ${hostname} to ${label}`} onClick={route}>
            Route
          </button>
        )}
      </td>
    </tr>
  );
}
