/**
 * What `ps` knows about processes: parent, user, start time and command line. It joins arguments by blanks, so where
 * one ends is lost. Pure but for {@link askPs} and {@link askParents}.
 */
import { MAX_COMMAND_LINE_BYTES } from './command-line.ts';
import type { RunTool } from './os-tool.ts';

/** One process as ps shows it. */
export interface PsRow {
  pid: number;
  ppid: number;
  /** Effective user. */
  uid: number;
  /** ISO 8601, to the second; undefined where it makes no sense. */
  startedAt: string | undefined;
  /** Whole command line; a character that the terminal could not show may be a `?`. */
  args: string;
}

/** `lstart` is the one start time with a date and seconds that all of them have; -ww: never cut at a width. */
const COLUMNS = 'pid=,ppid=,uid=,lstart=,command=';

/**
 * Ask about these processes, in one call.
 * @returns what it knows by pid, undefined where ps cannot be asked
 */
export async function askPs(pids: readonly number[], runTool: RunTool): Promise<Map<number, PsRow> | undefined> {
  if (pids.length === 0) return new Map();
  const { code, stdout } = await runTool('ps', ['-ww', '-o', COLUMNS, '-p', pids.join(',')]);
  // 1: none of them runs any more.
  return code === 0 || code === 1 ? parsePs(stdout) : undefined;
}

/** Parent of every process; empty where ps cannot be asked. */
export async function askParents(runTool: RunTool): Promise<Map<number, number>> {
  const { stdout } = await runTool('ps', ['-A', '-o', 'pid=,ppid=']);
  const rows = [...stdout.matchAll(/^\s*(\d+)\s+(\d+)\s*$/gm)];
  return new Map(rows.map(([, pid, ppid]) => [Number(pid), Number(ppid)]));
}

const ROW =
  /^\s*(\d+)\s+(\d+)\s+(-?\d+)\s+[A-Z][a-z]{2}\s+([A-Z][a-z]{2}\s+\d{1,2}\s+\d\d:\d\d:\d\d\s+\d{4})(?:\s+(.*))?$/;

/**
 * Rows of `ps -ww -o pid=,ppid=,uid=,lstart=,command=`, times in UTC and English.
 * A line that is none belongs to the command line before. A pid that is there twice is a command line that pretends to
 * be another process: nothing is believed about it.
 */
export function parsePs(text: string): Map<number, PsRow> {
  const rows: PsRow[] = [];
  for (const line of text.split('\n')) {
    const [, pid, ppid, uid, start = '', args = ''] = ROW.exec(line) ?? [];
    const last = rows.at(-1);
    if (pid !== undefined)
      rows.push({ pid: Number(pid), ppid: Number(ppid), uid: Number(uid), startedAt: parseStart(start), args });
    else if (last && line !== '') last.args += `\n${line}`;
  }
  const byPid = Map.groupBy(rows, ({ pid }) => pid);
  const single = [...byPid.values()].filter(({ length }) => length === 1).flat();
  return new Map(single.map((row) => [row.pid, { ...row, args: row.args.slice(0, MAX_COMMAND_LINE_BYTES) }]));
}

/** ISO 8601 of `Nov 23 20:39:05 2026`, which is in UTC. */
export function parseStart(text: string): string | undefined {
  const ms = Date.parse(`${text} UTC`);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
