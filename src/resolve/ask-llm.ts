/** The LLM step: prompt, question, judgement. Never throws: a failure is part of the trace. */
import type { DecisionStep, ResolvedDecision } from '../core/decision.ts';
import { AppError, type ErrorCode, messageOf } from '../core/errors.ts';
import type { Service } from '../core/service.ts';
import { answerSchema, judgeAnswer, type Verdict } from './answer.ts';
import type { LlmClient } from './llm-client.ts';
import { buildPrompt, type PromptInput } from './prompt.ts';
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

/**
 * Ask the model.
 * @param mayRequest asked before every request that it takes
 * @param now milliseconds, for the duration in the trace
 */
export async function askLlm(
  llm: LlmClient,
  input: PromptInput,
  mayRequest: () => boolean,
  now: () => number,
): Promise<LlmOutcome> {
  const startedAt = now();
  const { system, user, ids } = buildPrompt(input);
  const step: DecisionStep = {
    step: 'llm',
    outcome: 'failed',
    detail: '',
    model: llm.model,
    prompt: `${system}\n\n${user}`,
    durationMs: 0,
  };
  let verdict: Verdict | undefined;
  try {
    const question = { system, user, schema: answerSchema, maxTokens: MAX_TOKENS, mayRequest };
    const { parsed, text, tokens, cost, model } = await llm.complete(question);
    Object.assign(step, { answer: cleanText(text, MAX_ANSWER_CHARS), tokens, model });
    if (cost !== undefined) step.cost = cost;
    verdict = judgeAnswer(parsed, ids);
    Object.assign(step, outcomeOf(verdict));
  } catch (error) {
    step.detail = failureText(error);
    if (error instanceof AppError) step.code = error.code;
  }
  step.durationMs = now() - startedAt;
  return { step, verdict };
}

/** What is sent, as the trace shows it: system and user message. */
export function promptText(input: PromptInput): string {
  const { system, user } = buildPrompt(input);
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

/** Nobody was asked. @param prompt what would have been sent, where that is wanted */
export function skipped(why: string, prompt: string | undefined): LlmOutcome {
  const detail = `The LLM was not asked: ${why}`;
  const step: DecisionStep = { step: 'llm', outcome: 'skipped', detail, durationMs: 0 };
  if (prompt !== undefined) step.prompt = prompt;
  return { step, verdict: undefined };
}

/** Nobody was asked, because too much was asked in this minute. */
export function overBudget(prompt: string | undefined): LlmOutcome {
  const outcome = skipped('the budget of LLM calls for this minute is used up', prompt);
  outcome.step.code = OVER_BUDGET;
  return outcome;
}

const OVER_BUDGET: ErrorCode = 'LLM_BUDGET';

/** Was the LLM left out because too much was asked of it in this minute? */
export function isOverBudget({ steps }: Pick<ResolvedDecision, 'steps'>): boolean {
  return steps.some(({ code }) => code === OVER_BUDGET);
}
