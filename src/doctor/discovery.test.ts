import { expect, it } from 'vitest';
import type { ProcessService } from '../core/service.ts';
import { discovery } from './discovery.ts';
import type { DoctorMachine } from './machine.ts';

function listening(pid: number, command: string): ProcessService {
  const listen = [{ address: '127.0.0.1', port: 3000 + pid }];
  return { id: `p${pid}`, pid, ppid: 1, command, args: command, cwd: '/srv', listen, project: null, git: null };
}

it('counts what this user may look into, not the sockets of others', async () => {
  const processes = [listening(1, 'node'), listening(2, ''), listening(3, '')];
  const machine = { snapshot: async () => ({ processes, containers: [] }), line: () => 'hostwise services --all' };
  expect(await discovery.look(machine as unknown as DoctorMachine)).toEqual([
    { id: 'discovery', title: 'Services', state: 'ok', detail: '1 service runs here' },
  ]);
});
