/** The Docker engine: reached, not there, or there and not to be reached. */
import type { Check } from './check.ts';

const NAMED = { id: 'docker', title: 'Docker' };

/** See the file's header. */
export const docker: Check = {
  ...NAMED,
  look: async (machine) => {
    const { connected, detail } = await machine.docker();
    if (connected) return [{ ...NAMED, state: 'ok', detail: `the engine at ${detail} answers` }];
    if (detail === '') return [{ ...NAMED, state: 'ok', detail: 'there is no engine, which is fine' }];
    return [{ ...NAMED, state: 'problem', detail, fix: fixFor(detail, machine.platform) }];
  },
};

function fixFor(detail: string, platform: NodeJS.Platform): string {
  // The group is in force from the next login on, newgrp(1) now.
  if (/EACCES|permission/i.test(detail)) return 'sudo usermod -aG docker "$USER" && newgrp docker';
  return platform === 'linux' ? 'docker context show; docker version' : 'docker version';
}
