/** The table of a run, for the terminal and for docs/frameworks.md. */
import type { Framework } from './frameworks.ts';
import type { Visit } from './visit.ts';

/** What came out for one framework. */
export interface Result {
  framework: Framework;
  version?: string;
  /** `missing`: not on this machine, with the reason in `details`. */
  state: 'ok' | 'failed' | 'missing';
  /** What went wrong, one thing each. */
  details: string[];
  /** One for each browser. */
  visits: Visit[];
}

const COLUMNS = ['framework', 'version', 'page', 'after an edit', 'WebSocket', 'console errors', 'notes'];

const UPDATES = {
  hot: 'hot update',
  reload: 'reloads by itself',
  restart: 'server restarts, new page after a reload',
  file: 'new page after a reload',
};

/** All rows, with their head, in Markdown. */
export function table(results: readonly Result[]): string {
  return [line(COLUMNS), line(COLUMNS.map(() => '---')), ...results.map(row)].join('\n');
}

/** One row in Markdown. */
export function row(result: Result): string {
  const { framework, version, state, visits, details } = result;
  if (state === 'missing') return line([framework.title, '', '', '', '', '', `not run: ${details.join(' ')}`]);
  const problems = visits.reduce((sum, seen) => sum + seen.problems.length, 0);
  return line([
    framework.title,
    version ?? '',
    inAll(visits, ({ page, protocol }) => page && protocol),
    inAll(visits, ({ update }) => update) === 'FAILED' ? 'FAILED' : UPDATES[framework.update],
    inAll(visits, ({ sockets }) => sockets),
    visits.length === 0 ? '' : problems === 0 ? 'none' : String(problems),
    framework.notes,
  ]);
}

/** What each visit says, once when they agree; a visit that does not say it failed there. */
function inAll(visits: readonly Visit[], of: (visit: Visit) => string | undefined): string {
  const said = visits.map(of);
  if (said.length === 0 || said.includes(undefined)) return 'FAILED';
  return [...new Set(said)].join(', ');
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** The whole of docs/frameworks.md. */
export function document(results: readonly Result[]): string {
  return `# Frameworks\n\n${table(results)}\n`;
}
