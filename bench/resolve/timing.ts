/** What one ask costs on a machine of 1,000 services, and what the index of it costs once. */
import type { Snapshot } from '../../src/core/service.ts';
import { canonicalNames } from '../../src/resolve/canonical.ts';
import { matchNames } from '../../src/resolve/names.ts';
import { median, short, table } from '../discovery/figures.ts';

const SERVICES = 1_000;
const PROJECTS = 200;
const ROUNDS = 5;

/** 200 projects with five parts each; every fifth part runs in a worktree of its own. */
export function crowd(count: number): Snapshot {
  const processes = Array.from({ length: count }, (_, i) => {
    const project = `project${i % PROJECTS}`;
    const main = `/home/kim/${project}`;
    const worktree = i % 5 === 0;
    const root = worktree ? `${main}-${i}` : main;
    return {
      id: `p${i}`,
      pid: i + 1,
      ppid: 1,
      command: 'node',
      args: `node ${root}/node_modules/.bin/vite --port ${3000 + i}`,
      cwd: `${root}/apps/a${i}`,
      listen: [{ address: '::1', port: 3000 + i }],
      project: { root: `${root}/apps/a${i}`, name: `@${project}/a${i}`, workspace: root },
      git: { root, branch: worktree ? `feat/x${i}` : 'main', worktree, main },
    };
  });
  return { processes, containers: [] };
}

/** Names of every kind: parts, projects, roles, branches, and words that nobody has. */
function namesToAsk(): string[] {
  const names: string[] = [];
  for (let i = 0; i < SERVICES; i++) {
    const project = `project${i % PROJECTS}`;
    names.push(`a${i}.${project}`, project, `api.${project}`, `x${i}.${project}`, `nobody${i}`, 'admin', `a${i}`);
  }
  return names;
}

/** A table of medians in milliseconds; the reach is under 2 ms an ask. */
export function askTimes(): string {
  const names = namesToAsk();
  const first: number[] = [];
  const each: number[] = [];
  let worst = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const snapshot = crowd(SERVICES);
    first.push(timeOf(() => canonicalNames(snapshot)));
    const times = names.map((name) => timeOf(() => matchNames(name, snapshot)));
    each.push(times.reduce((sum, time) => sum + time, 0) / times.length);
    worst = Math.max(worst, ...times);
  }
  return table(
    ['what', 'ms'],
    [
      ['index of a new snapshot, median', short(median(first))],
      ['an ask, mean', short(median(each))],
      ['an ask, longest of all', short(worst)],
    ],
  );
}

function timeOf(work: () => unknown): number {
  const startedAt = performance.now();
  work();
  return performance.now() - startedAt;
}
