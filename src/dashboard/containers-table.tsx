/** Running containers. */
import type { ComponentChild } from 'preact';
import type { ContainerLine } from './choice.ts';
import { counted } from './format.ts';
import { Pager, usePages } from './pager.tsx';
import { HostnameLink } from './processes-table.tsx';

const PAGE_SIZE = 50;

/** Filtered by the caller. */
export function ContainersTable({ containers }: { containers: readonly ContainerLine[] }): ComponentChild {
  const pages = usePages(containers, PAGE_SIZE);
  return (
    <section aria-labelledby="containers-title">
      <div class="section-head">
        <h2 id="containers-title">Containers</h2>
        <span class="soft">{counted(containers.length, 'container')}</span>
      </div>
      {containers.length === 0 ? (
        <p class="soft">None that runs, or none that fits the filter.</p>
      ) : (
        <div class="wide">
          <table class="cards">
            <thead>
              <tr>
                <th scope="col">Container</th>
                <th scope="col">Compose</th>
                <th scope="col">Ports</th>
                <th scope="col">Hostname</th>
              </tr>
            </thead>
            <tbody>
              {pages.shown.map((container) => (
                <ContainerRow key={container.id} container={container} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Pager of={pages} what="containers" />
    </section>
  );
}

function ContainerRow({ container }: { container: ContainerLine }): ComponentChild {
  const { id, name, image, compose, expose, publish, hostname, noise, unreachable } = container;
  const published = new Set(publish.map((one) => one.container));
  return (
    <tr class={noise === undefined ? undefined : 'noise'}>
      <td data-label="Container">
        {name}
        <small class="mono">{image}</small>
        <small>
          <a href={`/service?id=${encodeURIComponent(id)}`}>Log</a>
        </small>
        {noise !== undefined && <small class="wait">Noise: {noise}</small>}
        {unreachable !== undefined && publish.length === 0 && <small class="wait">{unreachable}</small>}
      </td>
      <td data-label="Compose">{compose ? `${compose.service} of ${compose.project}` : '–'}</td>
      <td data-label="Ports" class="mono nowrap">
        {publish.map((one) => (
          <div key={`${one.ip} ${one.host} ${one.container}`}>
            {one.ip === '' ? '*' : one.ip}:{one.host} → {one.container}
          </div>
        ))}
        {expose
          .filter((port) => !published.has(port))
          .map((port) => (
            <div key={port}>{port}</div>
          ))}
      </td>
      <td data-label="Hostname" class="mono whole">
        <HostnameLink hostname={hostname} />
      </td>
    </tr>
  );
}
