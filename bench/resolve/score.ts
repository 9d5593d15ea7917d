/** How right the names step is on machines whose answers are known. */
import type { Service } from '../../src/core/service.ts';
import { canonicalNames } from '../../src/resolve/canonical.ts';
import { matchNames, type NameMatch } from '../../src/resolve/names.ts';
import { matchSibling } from '../../src/resolve/siblings.ts';
import { type Ask, type Machine, serviceOf } from '../../test/fixtures/machines.ts';

/** How one ask went. A refusal where nothing fits is `right`; silence where something does is a `miss`, never an error. */
export interface Result {
  machine: string;
  ask: Ask;
  /** `<id>:<port>`, or null where names are not sure. */
  answer: string | null;
  verdict: 'right' | 'miss' | 'wrong';
  match: NameMatch;
}

/** One line of figures. */
export interface Tally {
  /** Asks that have an answer, and those of them that were answered rightly. */
  askable: number;
  answered: number;
  /** Asks without an answer, and those of them that were refused. */
  empty: number;
  refused: number;
  wrong: number;
}

const DOMAIN = '.localhost';

/** Put every ask of a machine to the names step. Pure. */
export function scoreMachine(machine: Machine): Result[] {
  return machine.asks.map((ask) => {
    const match = answerTo(ask, machine);
    const answer = match.outcome === 'decided' ? `${match.id}:${match.port}` : null;
    return { machine: machine.id, ask, answer, verdict: verdictOn(ask, answer), match };
  });
}

/** How many services have a canonical hostname, and those that it does not lead back to. */
export function checkCanonical({ id: machine, snapshot }: Machine): { count: number; stray: string[] } {
  const names = [...canonicalNames(snapshot).byId];
  const stray = names.filter(([id, name]) => {
    const match = matchNames(name, snapshot);
    // A service whose port is not clear is named all the same.
    return match.outcome === 'decided' ? match.id !== id : match.outcome === 'nothing' || match.ids.join() !== id;
  });
  return { count: names.length, stray: stray.map(([id, name]) => `- ${machine}: ${name} is ${id}’s`) };
}

/** Count results by a key, such as their kind. */
export function tallyBy(results: readonly Result[], keyOf: (result: Result) => string): Map<string, Tally> {
  const tallies = new Map<string, Tally>();
  for (const result of results) {
    const key = keyOf(result);
    const tally = tallies.get(key) ?? { askable: 0, answered: 0, empty: 0, refused: 0, wrong: 0 };
    tallies.set(key, tally);
    const isEmpty = result.ask.expect.length === 0;
    tally[isEmpty ? 'empty' : 'askable']++;
    if (result.verdict === 'wrong') tally.wrong++;
    else if (result.verdict === 'right') tally[isEmpty ? 'refused' : 'answered']++;
  }
  return tallies;
}

function answerTo(ask: Ask, machine: Machine): NameMatch {
  const { snapshot } = machine;
  if (ask.host !== undefined) return matchNames(nameOf(ask.host), snapshot);
  const origin = originOf(ask, machine);
  if (origin && ask.service !== undefined) return matchSibling(ask.service, origin, snapshot);
  return { outcome: 'nothing', detail: 'the origin is not known' };
}

/** Whom the origin stands for: what names say, or else what the machine's own ask about it says (a user's mapping). */
function originOf(ask: Ask, { snapshot, asks }: Machine): Service | undefined {
  const match = matchNames(nameOf(ask.origin ?? ''), snapshot);
  if (match.outcome === 'decided') return serviceOf(snapshot, match.id);
  const [told] = asks.find(({ host }) => host === ask.origin)?.expect ?? [];
  return told === undefined ? undefined : serviceOf(snapshot, told.slice(0, told.lastIndexOf(':')));
}

function nameOf(host: string): string {
  return host.endsWith(DOMAIN) ? host.slice(0, -DOMAIN.length) : host;
}

function verdictOn({ expect }: Ask, answer: string | null): Result['verdict'] {
  if (answer === null) return expect.length === 0 ? 'right' : 'miss';
  return expect.includes(answer) ? 'right' : 'wrong';
}
