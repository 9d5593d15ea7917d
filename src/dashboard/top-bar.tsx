/** How the program is, in one line; each part opens to say more. */
import type { ComponentChild } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { StatusAnswer } from '../api/wire.ts';
import { CopyButton } from './copy-button.tsx';
import { counted, formatCost, formatCount } from './format.ts';
import { status } from './state/data.ts';
import { connection } from './state/live.ts';

type Tone = 'good' | 'wait' | 'bad' | 'calm';

/** See the file's header. */
export function TopBar(): ComponentChild {
  const now = status.value.value;
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => closeWhenLeft(list.current), []);
  return (
    <div class="top">
      <h1 class="brand">
        <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
          <circle cx="5" cy="12" r="3.2" />
          <circle cx="19" cy="5.5" r="3.2" />
          <circle cx="19" cy="18.5" r="3.2" />
          <path d="M8 11 C12 10 12 6 16 5.5 M8 13 C12 14 12 18 16 18.5" />
        </svg>
        hostwise
      </h1>
      <ul class="state" ref={list}>
        <LiveChip />
        {now && <PortsChip status={now} />}
        {now && <TrustChip status={now} />}
        {now && <LlmChip status={now} />}
      </ul>
    </div>
  );
}

/** What was opened closes on Escape, and when somebody goes on elsewhere. @returns stops it */
function closeWhenLeft(list: HTMLElement | null): () => void {
  const close = (event: Event): void => {
    const open = list?.querySelector<HTMLDetailsElement>('details[open]');
    if (!open) return;
    const isAway = event instanceof KeyboardEvent ? event.key === 'Escape' : !open.contains(event.target as Node);
    if (isAway) open.open = false;
  };
  document.addEventListener('pointerdown', close);
  document.addEventListener('keydown', close);
  return () => {
    document.removeEventListener('pointerdown', close);
    document.removeEventListener('keydown', close);
  };
}

/** One part: short outside, all of it inside. */
function Chip(props: { tone: Tone; title: string; text: string; children?: ComponentChild }): ComponentChild {
  const { tone, title, text, children } = props;
  const face = (
    <>
      <i class={`dot ${tone}`} aria-hidden="true" />
      {title !== '' && <span class="chip-title">{title} </span>}
      {text}
    </>
  );
  if (!children) return <li class="chip">{face}</li>;
  return (
    <li>
      <details class="chip" name="state">
        <summary>{face}</summary>
        <div class="panel">{children}</div>
      </details>
    </li>
  );
}

function LiveChip(): ComponentChild {
  const at = connection.value;
  if (at === 'live') return <Chip tone="good" title="" text="Live" />;
  if (at === 'connecting') return <Chip tone="calm" title="" text="Connecting…" />;
  return <Chip tone="bad" title="" text={at === 'lost' ? 'No answer, trying again…' : 'Started again'} />;
}

function PortsChip({
  status: { ports, version, dataDir, cacheFile, domains },
}: {
  status: StatusAnswer;
}): ComponentChild {
  const text = [ports.https, ports.http].filter((port) => port !== null).join(' · ');
  return (
    <Chip tone={ports.https === null ? 'wait' : 'good'} title="Ports" text={text}>
      <dl>
        <dt>HTTPS</dt>
        <dd>{ports.https ?? 'nothing listens'}</dd>
        <dt>HTTP</dt>
        <dd>{ports.http ?? 'nothing listens'}</dd>
        <dt>Domains</dt>
        <dd>{domains.map((domain) => `*.${domain}`).join(', ')}</dd>
        <dt>Version</dt>
        <dd>{version}</dd>
        <dt>Data</dt>
        <dd class="mono">{dataDir}</dd>
        <dt>Routes</dt>
        <dd class="mono">{cacheFile}</dd>
      </dl>
    </Chip>
  );
}

function TrustChip({ status: { trust } }: { status: StatusAnswer }): ComponentChild {
  const isTrusted = trust.trusted === true;
  const text = trust.trusted === null ? 'not known' : isTrusted ? 'trusted' : 'not trusted yet';
  return (
    <Chip tone={isTrusted ? 'good' : 'wait'} title="Certificate" text={text}>
      {!isTrusted && (
        <>
          <p>
            {trust.trusted === null
              ? 'It is not known whether the browsers on this machine trust the certificate.'
              : 'Browsers show a warning until the certificate is trusted.'}{' '}
            This makes them trust it:
          </p>
          <Command text={trust.command} />
        </>
      )}
      <ul class="stores">
        {trust.stores.map(({ id, title, trusted }) => (
          <li key={id}>
            <i class={trusted ? 'dot good' : 'dot wait'} aria-hidden="true" />
            {title} <span class="soft">{trusted ? 'trusts it' : 'does not trust it yet'}</span>
          </li>
        ))}
      </ul>
      {trust.commands.length > 0 && (
        <details>
          <summary class="soft">Or by hand, store by store</summary>
          {trust.commands.map((command) => (
            <Command key={command} text={command} />
          ))}
        </details>
      )}
    </Chip>
  );
}

function Command({ text }: { text: string }): ComponentChild {
  return (
    <div class="command">
      <code>{text}</code>
      <CopyButton text={text} what="the command" />
    </div>
  );
}

function LlmChip({ status: { llm, model } }: { status: StatusAnswer }): ComponentChild {
  const { usable, reason, spend } = llm;
  const text = [usable ? model : model === '' ? 'none, names only' : 'not asked now', spend && spentText(spend)];
  return (
    <Chip
      tone={usable ? 'good' : model === '' ? 'calm' : 'wait'}
      title="LLM"
      text={text.filter((part) => part !== '').join(' · ')}
    >
      <p>{reason}</p>
      {!usable && <p class="soft">Names and hints decide; what they leave open you choose yourself.</p>}
      {spend && <SpendFacts spend={spend} />}
    </Chip>
  );
}

type Spend = NonNullable<StatusAnswer['llm']['spend']>;

/** Nothing before the first call. */
function spentText({ calls, cost }: Spend): string {
  return calls === 0 ? '' : `${counted(calls, 'call')}${cost === null ? '' : `, cost ${formatCost(cost)}`}`;
}

function SpendFacts({ spend }: { spend: Spend }): ComponentChild {
  return (
    <dl>
      <dt>Calls</dt>
      <dd>
        {formatCount(spend.calls)} since the start, {formatCount(spend.failures)} without a valid answer
      </dd>
      <dt>Tokens</dt>
      <dd>
        {formatCount(spend.promptTokens)} sent, {formatCount(spend.completionTokens)} received
      </dd>
      <dt>Cost</dt>
      <dd>{spend.cost === null ? 'the server does not say' : formatCost(spend.cost)}</dd>
      <dt>Budget</dt>
      <dd>
        {spend.leftThisMinute} of {spend.budgetPerMinute} calls left this minute
      </dd>
    </dl>
  );
}
