/** One step of a decision: what it said, and of the LLM exactly what left the machine and what came back. */
import type { ComponentChild } from 'preact';
import type { DecisionView } from '../api/wire.ts';
import { formatCost, formatCount, formatMs } from './format.ts';
import { LongText } from './long-text.tsx';

type Step = DecisionView['steps'][number];

const NAMES: Record<Step['step'], string> = { hint: 'Hints', name: 'Names', llm: 'LLM' };
const TONES: Record<Step['outcome'], string> = {
  decided: 'good',
  ambiguous: 'wait',
  nothing: 'none',
  skipped: 'none',
  failed: 'bad',
};

/** @param nameOf name of a candidate by its id */
export function DecisionStep({ step, nameOf }: { step: Step; nameOf: (id: string) => string }): ComponentChild {
  const { outcome, detail, code, candidates, prompt, answer, model, tokens, cost, durationMs } = step;
  const figures = [
    model,
    tokens && `${formatCount(tokens.prompt)} + ${formatCount(tokens.completion)} tokens`,
    cost === undefined ? undefined : `cost ${formatCost(cost)}`,
    formatMs(durationMs),
    code,
  ];
  return (
    <li>
      <i class={`dot ${TONES[outcome]}`} aria-hidden="true" />
      <strong>{NAMES[step.step]}</strong> {outcome}
      <span class="soft"> · {figures.filter((part) => part !== undefined).join(' · ')}</span>
      <p>{detail}</p>
      {candidates !== undefined && candidates.length > 0 && (
        <p class="soft">Fitting: {candidates.map(nameOf).join(', ')}</p>
      )}
      {prompt !== undefined && (
        <details>
          <summary>What was sent, redacted</summary>
          <LongText text={prompt} label="What was sent, redacted" />
        </details>
      )}
      {answer !== undefined && (
        <details>
          <summary>What was answered</summary>
          <LongText text={answer} label="What was answered" />
        </details>
      )}
    </li>
  );
}
