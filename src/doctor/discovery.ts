/** What was found to run, and what of it could not be seen. */
import { candidatesOf } from '../core/service.ts';
import type { Check } from './check.ts';

const NAMED = { id: 'discovery', title: 'Services' };

/** See the file's header. */
export const discovery: Check = {
  ...NAMED,
  look: async (machine) => {
    const snapshot = await machine.snapshot();
    // Other users' programs, which this user may not look into, are sockets without a name.
    const hidden = new Set(snapshot.processes.filter(({ command }) => command === '').map(({ id }) => id));
    const found = candidatesOf(snapshot).filter(({ id }) => !hidden.has(id)).length;
    const words = `${found} ${found === 1 ? 'service runs' : 'services run'} here`;
    const [warning] = snapshot.warnings ?? [];
    const all = machine.line('services', '--all');
    if (warning === undefined) return [{ ...NAMED, state: 'ok', detail: words }];
    return [{ ...NAMED, state: 'advice', detail: `${words}; ${warning}`, fix: all }];
  },
};
