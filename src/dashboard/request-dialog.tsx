/** One request with all that is kept of it, beside the list. */
import { useSignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { RequestDetail } from '../api/wire.ts';
import { ApiError, ask, write } from './api.ts';
import { CopyButton } from './copy-button.tsx';
import { formatBytes, formatMs } from './format.ts';
import { LongText } from './long-text.tsx';
import { StatusText } from './request-row.tsx';
import { hrefTo, place } from './state/place.ts';
import { requestList } from './state/requests.ts';
import { say, sayProblem } from './state/toasts.ts';
import { TimingBars } from './timing-bars.tsx';

/** Open while the URL names a request. */
export function RequestDialog({ id }: { id: string }): ComponentChild {
  const detail = useSignal<RequestDetail | undefined>(undefined);
  const problem = useSignal('');
  const dialog = useRef<HTMLDialogElement>(null);
  // A request that still runs is asked for again when its line changes.
  const line = requestList.value.find((one) => String(one.id) === id);
  useEffect(() => {
    ask<RequestDetail>(`/_api/requests/${encodeURIComponent(id)}`).then(
      (found) => (detail.value = found),
      (error: unknown) => (problem.value = error instanceof ApiError ? error.message : String(error)),
    );
  }, [id, line?.status, line?.totalMs]);
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    // Escape does the same for those at the keyboard.
    shown?.addEventListener('click', closeOutside);
  }, []);
  const close = (): void => {
    location.hash = hrefTo('requests', Object.fromEntries(place.value.query));
  };
  return (
    <dialog ref={dialog} class="drawer" aria-labelledby="request-title" onClose={close}>
      <div class="drawer-body">
        <form method="dialog" class="drawer-close">
          <button type="submit" class="ghost" aria-label="Close">
            ×
          </button>
        </form>
        {detail.value ? <Detail detail={detail.value} /> : <p class="soft">{problem.value || 'Loading…'}</p>}
      </div>
    </dialog>
  );
}

/** A click beside the drawer is one on the dialog itself. */
function closeOutside(event: MouseEvent): void {
  if (event.target instanceof HTMLDialogElement) event.target.close();
}

function Detail({ detail }: { detail: RequestDetail }): ComponentChild {
  const { method, hostname, target, secure, version, upstream, attempts, error, timings, curl, service } = detail;
  return (
    <>
      <h2 id="request-title" class="mono breakable">
        <StatusText line={detail} /> {method} {target}
      </h2>
      <dl class="facts">
        <dt>Host</dt>
        <dd class="mono">
          {hostname}
          {service !== null && ` → ${service}`}
        </dd>
        <dt>Protocol</dt>
        <dd>
          HTTP/{version} {secure ? 'over TLS' : 'in plain text'}
        </dd>
        <dt>Upstream</dt>
        <dd>
          {upstream ? `${upstream.label} at ${upstream.address}:${upstream.port}` : 'nobody could be reached'}
          {attempts > 1 && `, tried ${attempts} times`}
        </dd>
        <dt>Bodies</dt>
        <dd>
          {formatBytes(detail.bytesIn)} in, {formatBytes(detail.bytesOut)} out; not kept
        </dd>
        <dt>Started</dt>
        <dd>{new Date(detail.startedAt).toLocaleString('en-GB')}</dd>
      </dl>
      {error !== null && <p class="note bad">{error}</p>}
      <TimingBars timings={timings} />
      <div class="buttons">
        <CopyButton text={curl} what="the request as curl" label="Copy as curl" />
        {detail.replayable ? (
          <ReplayButton id={detail.id} />
        ) : (
          <span class="soft">Only a GET or HEAD without a body is sent again.</span>
        )}
      </div>
      <Headers title="Request headers" headers={detail.requestHeaders} />
      <Headers title="Response headers" headers={detail.responseHeaders} />
      <h3>As curl</h3>
      <LongText text={curl} label="As curl" />
    </>
  );
}

function ReplayButton({ id }: { id: number }): ComponentChild {
  const isBusy = useSignal(false);
  const replay = async (): Promise<void> => {
    isBusy.value = true;
    try {
      const { status, totalMs } = JSON.parse(await write('POST', `/_api/requests/${id}/replay`)) as {
        status: number;
        totalMs: number;
      };
      say(`Sent again: ${status} after ${formatMs(totalMs)}. It is on top of the list`);
    } catch (error) {
      sayProblem(error);
    }
    isBusy.value = false;
  };
  return (
    <button type="button" class="small" disabled={isBusy.value} onClick={() => void replay()}>
      Send again
    </button>
  );
}

function Headers({ title, headers }: { title: string; headers: readonly [string, string][] }): ComponentChild {
  return (
    <>
      <h3>{title}</h3>
      {headers.length === 0 ? (
        <p class="soft">None</p>
      ) : (
        <table class="headers">
          <tbody>
            {headers.map(([name, value], i) => (
              <tr key={`${name} ${i}`}>
                <th scope="row">{name}</th>
                <td class="mono">{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
