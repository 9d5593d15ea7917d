/** One route, with what can be done about it. */
import type { Signal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import type { RouteView, TrafficAnswer } from '../api/wire.ts';
import { forgetRoute, pinRoute } from './edits.ts';
import { formatAgo, formatClock, formatCount, formatShare } from './format.ts';
import { healthOf } from './health.ts';
import { RouteForm } from './route-form.tsx';
import { Sparkline } from './sparkline.tsx';
import { failingSince, figuresOf } from './state/figures.ts';
import { hrefTo } from './state/place.ts';
import { appUrl } from './urls.ts';

const COLUMNS = 7;

/** @param editing key of the route that is being changed */
export function RouteRow(props: {
  route: RouteView;
  slices: TrafficAnswer['hosts'][string] | undefined;
  editing: Signal<string>;
}): ComponentChild {
  const { route, slices, editing } = props;
  const { key, hostname, service, reason } = route;
  const isEditing = editing.value === key;
  return (
    <>
      <tr class={isEditing ? 'editing' : undefined}>
        <td data-label="Hostname" class="mono host">
          <a href={appUrl(key)} target="_blank" rel="noreferrer">
            {hostname}
          </a>
          {service !== null && <span class="soft"> → {service}</span>}
        </td>
        <td data-label="Reaches">
          <ReachText route={route} />
        </td>
        <td data-label="By">
          <SourceTag route={route} />
        </td>
        <td data-label="Why" class="soft why">
          <span title={reason}>{reason === '' ? '–' : reason}</span>
        </td>
        <td data-label="Requests" class="number">
          <Figures route={route} />
        </td>
        <td data-label="Last 15 min">
          <Sparkline slices={slices} />
        </td>
        <td class="actions">
          <button
            type="button"
            class="small"
            aria-expanded={isEditing}
            aria-label={`Edit ${key}`}
            onClick={() => (editing.value = isEditing ? '' : key)}
          >
            Edit
          </button>
          {route.source !== 'user' && (
            <button
              type="button"
              class="small"
              aria-label={`Pin ${key}`}
              title={PIN_MEANS}
              onClick={() => void pinRoute(route)}
            >
              Pin
            </button>
          )}
          <button type="button" class="small" aria-label={`Forget ${key}`} onClick={() => void forgetRoute(route)}>
            Forget
          </button>
        </td>
      </tr>
      {isEditing && (
        <tr class="editor">
          <td colSpan={COLUMNS}>
            <RouteForm route={route} onClose={() => (editing.value = '')} />
          </td>
        </tr>
      )}
    </>
  );
}

const PIN_MEANS = 'Keep it as it is: hostwise will not decide it anew';

function ReachText({ route }: { route: RouteView }): ComponentChild {
  const { reach, label, hostname } = route;
  const since = failingSince(route);
  const { tone, word } = healthOf(route, since !== undefined);
  if (reach.state !== 'up') {
    return (
      <>
        <i class={`dot ${tone}`} aria-hidden="true" />
        {label}{' '}
        <a class={tone} href={`/service?host=${encodeURIComponent(hostname)}`}>
          {word}
        </a>
        <small>{reach.detail}</small>
      </>
    );
  }
  return (
    <>
      <i class={`dot ${tone}`} aria-hidden="true" />
      <span class="unseen">{word === '' ? 'Up' : word}: </span>
      {reach.label} <span class="mono soft nowrap">{`${bracketed(reach.address)}:${reach.port}`}</span>
      {since !== undefined && (
        <small class={tone}>
          <a href={`/service?host=${encodeURIComponent(hostname)}`}>{word}</a> since {formatClock(since)}
        </small>
      )}
    </>
  );
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

const SOURCES: Record<NonNullable<RouteView['source']>, string> = {
  hint: 'hint',
  name: 'name',
  llm: 'LLM',
  user: 'you',
};

function SourceTag({ route: { key, source, confidence } }: { route: RouteView }): ComponentChild {
  const name = source === null ? 'unknown' : SOURCES[source];
  const sure = confidence !== null && source !== 'user' ? ` ${formatShare(confidence)}` : '';
  return (
    <a class={`tag ${source ?? ''}`} href={hrefTo('decisions', { text: key })} title="How it was decided">
      {name}
      <span class="soft">{sure}</span>
    </a>
  );
}

function Figures({ route }: { route: RouteView }): ComponentChild {
  const { key } = route;
  const { requests, errors, open, lastError, lastAtMs } = figuresOf(route);
  if (requests === 0) return <span class="soft">0</span>;
  return (
    <>
      <a href={hrefTo('requests', { route: key })} title={lastAtMs === null ? '' : `Last ${formatClock(lastAtMs)}`}>
        {formatCount(requests)}
      </a>
      {open > 0 && <small>{formatCount(open)} open</small>}
      {errors > 0 && (
        <small class="bad" title={lastError?.text}>
          <a href={hrefTo('requests', { route: key, status: 'error' })}>{formatCount(errors)} failed</a>
          {lastError && `, ${formatAgo(lastError.atMs, Date.now())}: ${lastError.text.slice(0, 60)}`}
        </small>
      )}
    </>
  );
}
