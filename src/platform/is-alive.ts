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

/** False where there is no /proc. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in brackets, which may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}
