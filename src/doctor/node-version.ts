/** Which Node runs this. One that is too old does not get here: main.ts says so. */
import type { Check } from './check.ts';

/** See the file's header. */
export const nodeVersion: Check = {
  id: 'node',
  title: 'Node',
  look: async () => [
    { id: 'node', title: 'Node', state: 'ok', detail: `${process.versions.node} (${process.execPath})` },
  ],
};
