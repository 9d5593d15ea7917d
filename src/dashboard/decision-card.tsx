/** One decision; opened, all that led to it and what can be done about it. */
import { useSignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import type { DecisionView } from '../api/wire.ts';
import { DecideAgainForm } from './decide-again-form.tsx';
import { DecisionStep } from './decision-step.tsx';
import { formatClock, formatMs, formatShare } from './format.ts';
import { ShouldHaveBeenForm } from './should-have-been-form.tsx';

const KINDS: Record<DecisionView['decision'], string> = { hint: 'hint', name: 'name', llm: 'LLM', none: 'nobody sure' };
/** Who else could have been meant; the rest is counted. */
const SHOWN_CANDIDATES = 40;

/** See the file's header. */
export function DecisionCard({ decision }: { decision: DecisionView }): ComponentChild {
  const isOpen = useSignal(false);
  const { host, service, decision: kind, target, confidence, reason, at, durationMs } = decision;
  const key = service === undefined ? host : `${host}:${service}`;
  const chosen = decision.candidates.find(({ id }) => id === target?.id);
  return (
    <details class="decision" onToggle={(event) => (isOpen.value = event.currentTarget.open)}>
      <summary>
        <time class="mono soft" dateTime={at}>
          {formatClock(at)}
        </time>
        <strong class="mono">{key}</strong>
        <span class={`tag ${kind}`}>{KINDS[kind]}</span>
        {target && (
          <span>
            → {chosen?.name ?? target.id}, port {target.port} <span class="soft">{formatShare(confidence)}</span>
          </span>
        )}
        <span class="soft clip">{reason}</span>
        <span class="soft nowrap">{formatMs(durationMs)}</span>
      </summary>
      {isOpen.value && <Body decision={decision} decisionKey={key} />}
    </details>
  );
}

function Body({ decision, decisionKey }: { decision: DecisionView; decisionKey: string }): ComponentChild {
  const { reason, occasion, steps, candidates, candidateCount, target } = decision;
  const nameOf = (id: string): string => candidates.find((one) => one.id === id)?.name ?? id;
  return (
    <div class="decision-body">
      <p>
        {reason} <span class="soft">({occasion})</span>
      </p>
      <h3>Steps</h3>
      <ol class="steps">
        {steps.map((step, i) => (
          <DecisionStep key={`${step.step} ${i}`} step={step} nameOf={nameOf} />
        ))}
      </ol>
      <h3>Candidates ({candidateCount})</h3>
      <ul class="chosen-from">
        {candidates.slice(0, SHOWN_CANDIDATES).map(({ id, name, ports }) => (
          <li key={id} class={id === target?.id ? 'chosen' : undefined}>
            {name} <span class="soft mono">{ports.map((port) => `:${port}`).join(' ')}</span>
            {id === target?.id && <span class="unseen">, chosen</span>}
          </li>
        ))}
        {candidateCount > SHOWN_CANDIDATES && <li class="soft">and {candidateCount - SHOWN_CANDIDATES} more</li>}
      </ul>
      <div class="corrections">
        <DecideAgainForm decisionKey={decisionKey} />
        <ShouldHaveBeenForm decisionKey={decisionKey} />
      </div>
    </div>
  );
}
