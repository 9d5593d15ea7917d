/** The LLM step: prompt, question, judgement. Never throws: a failure is part of the trace. */
import type { DecisionStep, ResolvedDecision } from '../core/decision.ts';
import { AppError, type ErrorCode, messageOf } from '../core/errors.ts';
import type { Service } from '../core/service.ts';
import { type Answer, answerSchema, judgeAnswer, type Verdict } from './answer.ts';
import type { LlmClient } from './llm-client.ts';
import type { LlmMeter, LlmSpend } from './llm-spend.ts';
import type { Completion } from './llm-talk.ts';
import { buildPrompt, type Prompt, type PromptInput } from './prompt.ts';
import { cleanText } from './prompt-text.ts';

/** An answer is under 100 tokens; the rest is for models that think in front of it. */
const MAX_TOKENS = 1_000;
/** Longest answer kept in the trace, in characters. */
const MAX_ANSWER_CHARS = 2_000;

/** What the step came to. */
export interface LlmOutcome {
  step: DecisionStep;
  /** undefined when the model could not be asked or gave no valid answer. */
  verdict: Verdict | undefined;
}

/** What a question is asked with. */
export interface AskContext {
  /** Asked before every request that it takes. */
  mayRequest: () => boolean;
  /** Where it is added up what it costs. */
  spend: LlmSpend;
  /** Milliseconds, for the duration in the trace. */
  now: () => number;
  /** Keep in the trace every request as it was sent. */
  explain: boolean;
}

/** Ask the model. */
export async function askLlm(llm: LlmClient, input: PromptInput, context: AskContext): Promise<LlmOutcome> {
  const { mayRequest, spend, now, explain } = context;
  const startedAt = now();
  const { ids, ...messages } = buildPrompt(input);
  const step: DecisionStep = {
    step: 'llm',
    outcome: 'failed',
    detail: '',
    model: llm.model,
    prompt: textOf(messages),
    durationMs: 0,
  };
  let verdict: Verdict | undefined;
  try {
    const meter = meterOf(step, spend, explain);
    const { parsed, text, model } = await llm.complete({ ...questionOf(messages), mayRequest, meter });
    Object.assign(step, { answer: cleanText(text, MAX_ANSWER_CHARS), model });
    verdict = judgeAnswer(parsed, ids);
    Object.assign(step, outcomeOf(verdict));
  } catch (error) {
    spend.failed();
    step.detail = failureText(error);
    if (error instanceof AppError) step.code = error.code;
  }
  step.durationMs = now() - startedAt;
  return { step, verdict };
}

/** Adds up in the step and in the sum of all: what a failed question used was used, too. */
function meterOf(step: DecisionStep, spend: LlmSpend, explain: boolean): LlmMeter {
  return {
    sent(body) {
      spend.sent();
      if (explain) step.requests = [...(step.requests ?? []), body];
    },
    used(usage) {
      spend.used(usage);
      const { prompt, completion } = step.tokens ?? { prompt: 0, completion: 0 };
      step.tokens = { prompt: prompt + usage.promptTokens, completion: completion + usage.completionTokens };
      if (usage.cost !== undefined) step.cost = (step.cost ?? 0) + usage.cost;
    },
  };
}

/** What would be sent, for a trace of nothing that was. @param llm null: none, so only the messages are known */
export function unsent(llm: LlmClient | null, input: PromptInput): Pick<DecisionStep, 'prompt' | 'requests'> {
  const { ids: _, ...messages } = buildPrompt(input);
  return {
    prompt: textOf(messages),
    ...(llm ? { requests: [llm.firstBody(questionOf(messages))] } : {}),
  };
}

type Messages = Omit<Prompt, 'ids'>;

function questionOf(messages: Messages): Completion<Answer> {
  return { ...messages, schema: answerSchema, maxTokens: MAX_TOKENS };
}

/** As the trace shows them. */
function textOf({ system, user }: Messages): string {
  return `${system}\n\n${user}`;
}

function outcomeOf(verdict: Verdict): Pick<DecisionStep, 'outcome' | 'detail' | 'candidates'> {
  switch (verdict.kind) {
    case 'decided':
      return { outcome: 'decided', detail: verdict.reason, candidates: idOf(verdict.service) };
    case 'unsure':
      return { outcome: 'ambiguous', detail: verdict.detail, candidates: idOf(verdict.service) };
    case 'none':
      return { outcome: 'nothing', detail: verdict.detail };
    case 'refused':
      return { outcome: 'failed', detail: verdict.detail };
  }
}

function idOf(service: Service): string[] {
  return [service.id];
}

function failureText(error: unknown): string {
  if (!(error instanceof AppError)) return `The LLM could not be asked: ${messageOf(error)}`;
  return `The LLM could not be asked (${error.code}): ${error.message}${error.hint ? `; ${error.hint}` : ''}`;
}

/** Nobody was asked. @param shown what would have been sent, where that is wanted */
export function skipped(why: string, shown: Pick<DecisionStep, 'prompt' | 'requests'> = {}): LlmOutcome {
  const detail = `The LLM was not asked: ${why}`;
  return { step: { step: 'llm', outcome: 'skipped', detail, ...shown, durationMs: 0 }, verdict: undefined };
}

/** Nobody was asked, because too much was asked in this minute. */
export function overBudget(shown: Pick<DecisionStep, 'prompt' | 'requests'> = {}): LlmOutcome {
  const outcome = skipped('the budget of LLM calls for this minute is used up', shown);
  outcome.step.code = OVER_BUDGET;
  return outcome;
}

const OVER_BUDGET: ErrorCode = 'LLM_BUDGET';

/** Was the LLM left out because too much was asked of it in this minute? */
export function isOverBudget({ steps }: Pick<ResolvedDecision, 'steps'>): boolean {
  return steps.some(({ code }) => code === OVER_BUDGET);
}
