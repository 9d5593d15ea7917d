/**
 * What speaks for a service where no rule and no model decided: words that the hostname and its names share, words that
 * are nearly the same, and that somebody has just started it. For the order of a list that a person reads; never for a
 * decision. Pure.
 */
import { closestWord } from '../core/closest-word.ts';
import { describeService, isContainer, type Service } from '../core/service.ts';

/** See the file's header. */
export interface Likeness {
  /** Higher is likelier. */
  score: number;
  /** In words for people. */
  why: string;
}

/** Shorter words are in every other name. */
const SHORTEST_WORD = 3;
/** Shorter words are close to too many. */
const SHORTEST_CLOSE_WORD = 4;
/** Whoever opens a hostname has often just started what they mean. */
const FRESH_MS = 60_000;
/** Linux counts in hundredths of a second for programs, whatever its own clock does (proc(5), sysconf(3)). */
const TICK_MS = 10;

/** Epoch ms, and ms since the machine was started. */
export interface Clock {
  nowMs: number;
  uptimeMs: number;
}

/**
 * @param hostname what was asked for
 * @param ownHostname the one that the service has by itself
 * @returns undefined where nothing speaks for it
 */
export function likenessOf(
  hostname: string,
  service: Service,
  ownHostname: string | undefined,
  clock: Clock,
): Likeness | undefined {
  const asked = wordsOf(withoutDomain(hostname));
  const names = wordsOf(`${withoutDomain(ownHostname ?? '')} ${describeService(service)}`);
  const shared = asked.filter((word) => word.length >= SHORTEST_WORD && names.includes(word));
  if (shared.length > 0)
    return {
      score: 10 + shared.length,
      why: `${quoted(shared)} ${shared.length > 1 ? 'are parts' : 'is part'} of its name`,
    };
  for (const word of asked) {
    if (word.length < SHORTEST_CLOSE_WORD) continue;
    const close = closestWord(
      word,
      names.filter((name) => name.length >= SHORTEST_CLOSE_WORD),
    );
    if (close !== undefined) return { score: 5, why: `“${word}” is nearly its “${close}”` };
  }
  const ageMs = ageOf(service, clock);
  if (!(ageMs >= 0 && ageMs < FRESH_MS)) return undefined;
  return { score: 1 - ageMs / FRESH_MS, why: `It was started ${Math.round(ageMs / 1_000)} s ago` };
}

/** NaN where it is not known. */
function ageOf(service: Service, { nowMs, uptimeMs }: Clock): number {
  if (isContainer(service)) return nowMs - Date.parse(service.startedAt ?? '');
  const { startTicks, startedAt = '' } = service;
  return startTicks === undefined ? nowMs - Date.parse(startedAt) : uptimeMs - startTicks * TICK_MS;
}

function withoutDomain(hostname: string): string {
  return hostname.replace(/\.[^.]*$/, '');
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/[^a-z0-9]+/);
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `“${word}”`).join(' and ');
}
