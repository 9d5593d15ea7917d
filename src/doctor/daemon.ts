/** Does hostwise run? */
import type { Check } from './check.ts';

const NAMED = { id: 'daemon', title: 'hostwise' };

/** See the file's header. */
export const daemonRuns: Check = {
  ...NAMED,
  look: async (machine) => {
    const daemon = await machine.daemon();
    if (!daemon) {
      return [{ ...NAMED, state: 'advice', detail: 'does not run', fix: machine.line('start') }];
    }
    const { version, pid, state } = daemon.identity;
    return [{ ...NAMED, state: 'ok', detail: `${version} is ${state} (pid ${pid})` }];
  },
};
