/** A program and everything that it started, pinned to one processor, with what it has cost so far. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type StartedProcess, type StartOptions, startProcess } from '../../test/fixtures/dev-server.ts';

/** Ticks of utime and stime in /proc (USER_HZ is 100 on every Linux that Node runs on). */
const TICK_MS = 10;
const running = new Set<number>();

// Started in groups of their own: they would go on when the bench is interrupted.
process.once('exit', () => {
  for (const pid of running) killGroup(pid);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

let isFirst = false;

/** From now on what is measured goes before other programs: on a busy machine their turns would be in our figures. */
export function goBeforeOthers(): void {
  isFirst = true;
  goFirst(process.pid);
}

/** A session's share of the processors (sched(7), autogroup); needs root. */
function goFirst(pid: number): void {
  writeFileSync(`/proc/${pid}/autogroup`, '-15');
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it is over.
  }
}

/** See the file's header. */
export class ProcessGroup {
  readonly started: StartedProcess;

  /** @param cpu number of the processor; undefined: any */
  constructor(cpu: number | undefined, command: string, args: readonly string[], options: StartOptions) {
    const pinned = cpu === undefined ? [command, ...args] : ['taskset', '-c', String(cpu), command, ...args];
    const [program = command, ...rest] = pinned;
    this.started = startProcess(program, rest, options);
    running.add(this.started.pid);
    if (isFirst) goFirst(this.started.pid);
  }

  /** User and system time of all processes, in ms. Those that ended are not in it. */
  cpuMs(): number {
    return sum(this.#members().map(({ fields }) => (Number(fields[11]) + Number(fields[12])) * TICK_MS));
  }

  /** VmRSS of all processes, in MB. */
  rssMb(): number {
    return sum(this.#members().map(({ pid }) => residentKb(pid))) / 1024;
  }

  async stop(): Promise<void> {
    await this.started.stop();
    running.delete(this.started.pid);
  }

  #members(): { pid: string; fields: string[] }[] {
    return readdirSync('/proc').flatMap((pid) => {
      if (!/^\d+$/.test(pid)) return [];
      // Behind the name, which may hold anything: state, ppid, pgrp, ...
      const fields = readProc(`/proc/${pid}/stat`)
        .replace(/^.*\) /s, '')
        .split(' ');
      return Number(fields[2]) === this.started.pid ? [{ pid, fields }] : [];
    });
  }
}

function residentKb(pid: string): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readProc(`/proc/${pid}/status`))?.[1] ?? 0);
}

function readProc(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** Keep the bench itself, and the clients that it starts, off the proxies' processor. */
export function pinOurselves(cpu: number): void {
  execFileSync('taskset', ['-a', '-p', '-c', String(cpu), String(process.pid)], { stdio: 'ignore' });
}
