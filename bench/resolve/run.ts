/** `npm run bench:resolve -- DIR`: the names step on every machine of a folder. Prints markdown; exit code 1 if any answer is wrong, or a canonical name leads elsewhere. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadMachines } from '../../test/fixtures/machines.ts';
import { table } from '../discovery/figures.ts';
import { checkCanonical, type Result, scoreMachine, type Tally, tallyBy } from './score.ts';
import { askTimes } from './timing.ts';

const { positionals } = parseArgs({ allowPositionals: true });

function say(text: string): void {
  console.log(`${text}\n`);
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${Math.round((100 * part) / whole)} %`;
}

function row(what: string, { askable, answered, empty, refused, wrong }: Tally): string[] {
  const cells = [
    what,
    `${answered} of ${askable}`,
    percent(answered, askable),
    `${refused} of ${empty}`,
    String(wrong),
  ];
  return [...cells, percent(answered, answered + wrong)];
}

function figures(results: readonly Result[]): string {
  const isRelated = ({ ask }: Result) => ask.service !== undefined;
  const kinds = [...tallyBy(results, ({ ask }) => ask.kind)].sort(([a], [b]) => (a < b ? -1 : 1));
  const all = tallyBy(results, (result) => (isRelated(result) ? 'all related services' : 'all hostnames'));
  const head = ['kind', 'answered', 'coverage', 'rightly refused', 'wrong', 'precision'];
  return table(
    head,
    [...kinds, ...all].map(([kind, tally]) => row(kind, tally)),
  );
}

function line({ machine, ask, answer, match }: Result): string {
  const asked = ask.host ?? `${ask.origin} /_proxy/${ask.service}/`;
  const wanted = ask.expect.join(' or ') || 'none';
  return `- ${machine} (${ask.kind}): ${asked} -> ${answer ?? match.outcome}, wanted ${wanted}: ${ask.why} [${match.detail}]`;
}

function list(title: string, results: readonly Result[]): void {
  say(`## ${title}: ${results.length}\n\n${results.map(line).join('\n')}`);
}

const [folder] = positionals;
const machines = loadMachines(folder === undefined ? undefined : resolve(folder));
const results = machines.flatMap(scoreMachine);
const wrong = results.filter(({ verdict }) => verdict === 'wrong');
list('Wrong', wrong);
list(
  'Missed',
  results.filter(({ verdict }) => verdict === 'miss'),
);
say(`## ${machines.length} machines, ${results.length} asks\n\n${figures(results)}`);
const canonical = machines.map(checkCanonical);
const stray = canonical.flatMap((one) => one.stray);
const count = canonical.reduce((sum, one) => sum + one.count, 0);
say(`## Canonical hostnames: ${count}, of them leading elsewhere: ${stray.length}\n\n${stray.join('\n')}`);
say(`## Time per ask among 1,000 services\n\n${askTimes()}`);
if (wrong.length + stray.length > 0) process.exitCode = 1;
