/** Whether a process still runs. */
import { readFileSync } from 'node:fs';
import { systemCode } from '../core/errors.ts';

/**
 * Is there a running process with this number? One of another user counts; one that has ended and that its parent has
 * not asked about (a container's first process often never does) does not.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
  }
  return !isZombie(pid);
}

/** Fields after the program's name in /proc/PID/stat (proc_pid_stat(5)): the state first, the number of threads. */
const STATE = 0;
const THREADS = 17;

/**
 * Has all of it ended? Where the first thread is gone and others still are on their way (a kill under load), its sockets
 * are open. False where there is no /proc.
 */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in brackets, which may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[STATE] === 'Z' && Number(fields[THREADS]) <= 1;
  } catch {
    return false;
  }
}
