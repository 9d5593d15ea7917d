import { expect, it } from 'vitest';
import { loadSettings } from '../config/settings.ts';
import { llm } from './llm.ts';
import type { DoctorMachine } from './machine.ts';

it('having none is fine, since it is optional, and says how to get one', async () => {
  const machine = {
    settings: loadSettings({ argvFlags: {}, env: {}, home: '/nowhere/kim', platform: 'linux' }),
    snapshot: async () => ({ processes: [], containers: [] }),
    line: (...words: string[]) => ['hostwise', ...words].join(' '),
  };
  const [finding] = await llm.look(machine as unknown as DoctorMachine);
  expect(finding).toMatchObject({ state: 'ok', detail: expect.stringMatching(/exact names work.*hostwise setup/) });
  expect(finding).not.toHaveProperty('fix');
});
