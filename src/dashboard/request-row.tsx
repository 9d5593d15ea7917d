/** One line of the requests. */
import type { ComponentChild } from 'preact';
import type { RequestLine } from '../api/wire.ts';
import { formatBytes, formatClock, formatMs } from './format.ts';
import { hrefTo, place } from './state/place.ts';

/** Its link opens all that is kept of it. */
export function RequestRow({ line }: { line: RequestLine }): ComponentChild {
  const { id, startedAt, method, kind, hostname, service, target, upstream, bytesOut, totalMs, error } = line;
  return (
    <tr>
      <td data-label="Time" class="mono soft nowrap">
        <time dateTime={startedAt}>{formatClock(startedAt)}</time>
      </td>
      <td data-label="Status">
        <StatusText line={line} />
      </td>
      <td data-label="Method" class="mono">
        {kind === 'upgrade' ? 'UPGRADE' : method}
      </td>
      <td data-label="URL" class="mono url">
        <a href={hrefTo('requests', Object.fromEntries(place.value.query), id)}>
          <span class="soft">
            {hostname}
            {service !== null && ` → ${service}`}
          </span>
          {target}
        </a>
        {error !== null && <small class="bad">{error}</small>}
      </td>
      <td data-label="Upstream" class="soft">
        {upstream ? `${upstream.label} :${upstream.port}` : '–'}
      </td>
      <td data-label="Size" class="number nowrap">
        {formatBytes(bytesOut)}
      </td>
      <td data-label="Took" class="number nowrap">
        {totalMs === null ? <span class="wait">open</span> : formatMs(totalMs)}
      </td>
    </tr>
  );
}

/** The status, or why there is none. */
export function StatusText({ line: { status, totalMs } }: { line: RequestLine }): ComponentChild {
  if (status === 0) return <span class={totalMs === null ? 'soft' : 'wait'}>{totalMs === null ? '…' : 'left'}</span>;
  return <span class={`status s${String(status)[0]}`}>{status}</span>;
}
