/** What was found to run, and what of it could not be seen. */
import { candidatesOf } from '../core/service.ts';
import type { Check } from './check.ts';

const NAMED = { id: 'discovery', title: 'Services' };

/** See the file's header. */
export const discovery: Check = {
  ...NAMED,
  look: async (machine) => {
    const snapshot = await machine.snapshot();
    const found = candidatesOf(snapshot).length;
    const words = `${found} ${found === 1 ? 'service runs' : 'services run'} here`;
    const [warning] = snapshot.warnings ?? [];
    const all = machine.line('services', '--all');
    if (warning === undefined) return [{ ...NAMED, state: 'ok', detail: words }];
    return [{ ...NAMED, state: 'advice', detail: `${words}; ${warning}`, fix: all }];
  },
};
