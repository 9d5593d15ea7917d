/** The installed service: does what it would start still exist? Updates of Node move it (nvm, fnm, brew). */
import { access, constants } from 'node:fs/promises';
import type { ServiceManager } from '../service/manager.ts';
import type { Check, Finding } from './check.ts';
import type { DoctorMachine } from './machine.ts';

const NAMED = { id: 'service', title: 'Service' };

/** See the file's header. */
export const serviceUnit: Check = {
  ...NAMED,
  look: async (machine) => {
    const installed = await machine.services();
    if (installed.length === 0)
      return [{ ...NAMED, state: 'ok', detail: 'none is installed; hostwise starts when you start it' }];
    return Promise.all(installed.map((manager) => lookAt(manager, machine)));
  },
};

async function lookAt(manager: ServiceManager, machine: DoctorMachine): Promise<Finding> {
  const again = (manager.needsRoot ? machine.rootLine : machine.line)('service', 'install');
  const [node, script] = (await manager.program()) ?? [];
  if (node === undefined || script === undefined) {
    return { ...NAMED, state: 'problem', detail: 'its file does not say what to start', fix: again };
  }
  const dead = (await isThere(node, constants.X_OK))
    ? (await isThere(script, constants.R_OK))
      ? undefined
      : script
    : node;
  if (dead !== undefined) {
    return { ...NAMED, state: 'problem', detail: `it starts "${dead}", which is gone: after an update?`, fix: again };
  }
  const dataDir = await manager.installedFor();
  if (dataDir !== machine.settings.dataDir) {
    return { ...NAMED, state: 'advice', detail: `it runs with another data folder, "${dataDir}"` };
  }
  if (!(await manager.isActive())) {
    return { ...NAMED, state: 'problem', detail: 'it is installed and does not run', fix: manager.startCommand };
  }
  return { ...NAMED, state: 'ok', detail: `it starts "${node}"` };
}

function isThere(file: string, mode: number): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  );
}
