import { describe, expect, it } from 'vitest';
import { loadMachines, machine, serviceOf } from '../../test/fixtures/machines.ts';
import { candidatesOf, type ProcessService } from '../core/service.ts';
import { buildPrompt, MAX_HINT_CHARS } from './prompt.ts';

/** Characters per token, roughly, of English and JSON. */
const CHARS_PER_TOKEN = 4;

describe('buildPrompt', () => {
  const { snapshot } = machine('two-sites');
  const candidates = candidatesOf(snapshot);

  it('is exactly this', async () => {
    const { system, user } = buildPrompt({
      host: 'order.bakery.localhost',
      service: 'api',
      origin: serviceOf(snapshot, 'p101'),
      hint: 'the one with the cakes',
      corrections: [{ host: 'cakes.localhost', target: 'bakery', port: 5173 }],
      candidates,
    });
    await expect(`${system}\n\n=====\n\n${user}\n`).toMatchFileSnapshot('../../test/fixtures/prompts/two-sites.txt');
  });

  it('keeps everything that varies out of the first message, which says JSON', () => {
    const one = buildPrompt({ host: 'a.localhost', corrections: [], candidates });
    const other = buildPrompt({ host: 'b.localhost', hint: 'x', corrections: [], candidates: candidates.slice(1) });
    expect(one.system).toBe(other.system);
    expect(one.system).toContain('JSON');
  });

  it('lists every candidate under an opaque id', () => {
    for (const { snapshot: any } of loadMachines()) {
      const services = candidatesOf(any);
      const { user, ids } = buildPrompt({ host: 'a.localhost', corrections: [], candidates: services });
      const { candidates: listed } = JSON.parse(user) as { candidates: { id: string }[] };
      expect(listed.map(({ id }) => id)).toEqual([...ids.keys()]);
      expect(new Set(ids.values())).toEqual(new Set(services));
      for (const id of ids.keys()) expect(id).toMatch(/^c\d+$/);
    }
  });

  it('stays under 4,000 tokens for 40 services, and for 1,000 that are named at length', () => {
    const longest = 'a-name-of-exactly-sixty-characters-which-is-the-longest-ok';
    for (const count of [40, 1_000]) {
      const many = Array.from({ length: count }, (_, i) => wordy(i, longest));
      const { system, user, ids } = buildPrompt({
        host: 'w399.localhost',
        hint: 'x'.repeat(5_000),
        corrections: Array.from({ length: 50 }, () => ({ host: 'a.localhost', target: longest, port: 3000 })),
        candidates: many,
      });
      expect((system.length + user.length) / CHARS_PER_TOKEN).toBeLessThan(4_000);
      expect(ids.size).toBeGreaterThan(25);
      if (count > 399) expect(ids.get('c1')?.id).toBe('p399');
    }
    const usual = Array.from({ length: 40 }, (_, i) => wordy(i, `part-${i}`));
    expect(buildPrompt({ host: 'a.localhost', corrections: [], candidates: usual }).ids.size).toBe(40);
  });

  it('keeps the user’s words apart, short, and free of what could hide in them', () => {
    const tag = String.fromCodePoint(0xe0041);
    const hint = `use\u0000 the\u202e api\u200b${tag} please\ufe0f ${'x'.repeat(1_000)}`;
    const { user } = buildPrompt({ host: 'a.localhost', hint, corrections: [], candidates });
    const said = (JSON.parse(user) as { hint: string }).hint;
    expect(said).toMatch(/^use the api please x+$/);
    expect(said.length).toBe(MAX_HINT_CHARS);
  });
});

function wordy(i: number, name: string): ProcessService {
  const root = `/home/kim/code/shop/apps/${name}`;
  return {
    id: `p${i}`,
    pid: i,
    ppid: 1,
    command: 'node',
    args: `node ${root}/node_modules/.bin/vite dev --port ${3000 + i}`,
    cwd: root,
    listen: [{ address: '::1', port: 3000 + i }],
    project: { root, name: `@shop/w${i}`, workspace: '/home/kim/code/shop', workspaceName: 'shop' },
    git: { root: '/home/kim/code/shop', branch: `feature/${name.slice(0, 50)}`, worktree: false },
  };
}
