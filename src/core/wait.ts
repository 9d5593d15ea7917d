/**
 * What somebody who waits for an app is told, on that app's own hostname. Foreign code runs there, so it is names and
 * states of that one hostname only. Pure.
 */
import type { DecisionStep } from './decision.ts';

/** Where the waiting page listens, on the hostname that it waits for. */
export const WAIT_PATH = '/_hostwise/wait';

/** One line of what happens. */
export interface WaitStep {
  text: string;
  state: 'done' | 'now' | 'next' | 'failed';
}

/** How it stands. */
export interface WaitNews {
  /** `ready`: the app can be opened. `choose`: nobody is sure, so a person has to choose. */
  kind: 'deciding' | 'away' | 'ready' | 'choose';
  steps: WaitStep[];
}

/** A decision that is being made. */
export interface DecisionUnderWay {
  /** How many could be meant. */
  candidates: number;
  steps: readonly DecisionStep[];
  /** The LLM is asked now; `loading`: a local one, which may have to be loaded first. */
  llm?: 'asked' | 'loading';
}

const OPENING: WaitStep = { text: 'Open it', state: 'next' };

/** A decision is being made. @param underWay undefined: it has only begun */
export function decidingNews(underWay: DecisionUnderWay | undefined): WaitNews {
  if (!underWay) return { kind: 'deciding', steps: [{ text: 'Looking at what runs here', state: 'now' }, OPENING] };
  const { candidates, steps, llm } = underWay;
  const looked = `Looked at what runs here: ${candidates} ${candidates === 1 ? 'service' : 'services'}`;
  const said = steps.filter(isTold).map((step): WaitStep => ({ text: publicText(step), state: stateOf(step) }));
  const asking: WaitStep[] = llm ? [{ text: LLM_TEXTS[llm], state: 'now' }] : [];
  return { kind: 'deciding', steps: [{ text: looked, state: 'done' }, ...said, ...asking, OPENING] };
}

const LLM_TEXTS: Readonly<Record<NonNullable<DecisionUnderWay['llm']>, string>> = {
  asked: 'Asking the language model which one is meant',
  loading: 'Asking the local language model, which may have to be loaded first',
};

/** Where nobody asked for a name by a label, that goes without saying. */
function isTold({ step, outcome, candidates }: DecisionStep): boolean {
  return step !== 'hint' || outcome !== 'nothing' || candidates !== undefined;
}

function stateOf({ outcome }: DecisionStep): WaitStep['state'] {
  return outcome === 'failed' ? 'failed' : 'done';
}

/** In our own words: those of an LLM and of its server may hold anything. */
function publicText({ step, outcome, detail }: DecisionStep): string {
  if (step !== 'llm') return detail;
  return outcome === 'failed' ? 'The language model gave no usable answer' : 'The language model has answered';
}

/** A known app is away. @param label its name @param detail what is missing, names and ports only */
export function awayNews(label: string, detail: string): WaitNews {
  return {
    kind: 'away',
    steps: [
      { text: `Found out what is meant: ${label}`, state: 'done' },
      { text: `Waiting for it: ${detail}`, state: 'now' },
      OPENING,
    ],
  };
}

/** It answers. */
export function readyNews(before: WaitNews | undefined): WaitNews {
  const done = (before?.steps ?? []).filter(({ state }) => state === 'done' || state === 'failed');
  return { kind: 'ready', steps: [...done, { text: 'It is here: opening it', state: 'now' }] };
}

/** Nobody is sure. */
export function chooseNews(before: WaitNews | undefined): WaitNews {
  const done = (before?.steps ?? []).filter(({ state }) => state === 'done' || state === 'failed');
  return { kind: 'choose', steps: [...done, { text: 'Nobody is sure: it is yours to choose', state: 'now' }] };
}
