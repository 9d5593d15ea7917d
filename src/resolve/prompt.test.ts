import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadMachines, machine, serviceOf } from '../../test/fixtures/machines.ts';
import { anySnapshot } from '../../test/fixtures/snapshots.ts';
import { candidatesOf, type ProcessService } from '../core/service.ts';
import { buildPrompt, MAX_HINT_CHARS, MAX_PROMPT_CHARS } from './prompt.ts';

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

  it('stays under 4,000 tokens for 40 services that are named at length, and has room for all of them', async () => {
    const longest = 'a-name-of-exactly-sixty-characters-which-is-the-longest-ok';
    const correction = { host: `${'long.'.repeat(40)}localhost`, target: longest, port: 3000 };
    const { system, user, ids } = buildPrompt({
      host: `w39.${'label.'.repeat(35)}localhost`,
      service: 'x'.repeat(63),
      origin: wordy(0, longest),
      hint: 'word '.repeat(1_000),
      corrections: Array.from({ length: 50 }, () => correction),
      candidates: Array.from({ length: 40 }, (_, i) => wordy(i, longest)),
    });
    expect(tokensOf(system + user)).toBeLessThan(4_000);
    expect(ids.size).toBe(40);
    expect(ids.get('c1')?.id).toBe('p39');
    const { candidates: listed } = JSON.parse(user) as { candidates: { ports: number[] }[] };
    expect(listed.map(({ ports }) => ports[0]).sort()).toEqual(Array.from({ length: 40 }, (_, i) => 3000 + i));
    await expect(`${user}\n`).toMatchFileSnapshot('../../test/fixtures/prompts/crowded.txt');
  });

  it('says all of 40 services with usual names, and the likeliest of 1,000', () => {
    const usual = Array.from({ length: 40 }, (_, i) => wordy(i, `part-${i}`));
    const small = buildPrompt({ host: 'a.localhost', corrections: [], candidates: usual });
    expect(tokensOf(small.system + small.user)).toBeLessThan(4_000);
    expect(small.ids.size).toBe(40);
    expect(small.user.match(/"project"/g)).toHaveLength(40);
    const many = Array.from({ length: 1_000 }, (_, i) => wordy(i, `part-${i}`));
    const large = buildPrompt({ host: 'w399.localhost', corrections: [], candidates: many });
    expect(tokensOf(large.system + large.user)).toBeLessThan(4_000);
    expect(large.ids.get('c1')?.id).toBe('p399');
    expect(large.ids.size).toBeGreaterThan(40);
  });

  it('is bounded for any machine and any words', () => {
    fc.assert(
      fc.property(anySnapshot, fc.string({ unit: 'binary', maxLength: 3_000 }), (any, hint) => {
        const { system, user } = buildPrompt({
          host: 'a.localhost',
          hint,
          corrections: [],
          candidates: candidatesOf(any),
        });
        expect((system + user).length).toBeLessThanOrEqual(MAX_PROMPT_CHARS + 10);
        expect(() => JSON.parse(user)).not.toThrow();
      }),
    );
  });

  it('keeps the user’s words apart, short, and free of what could hide in them', () => {
    const tag = String.fromCodePoint(0xe0041);
    const hint = `use\u0000 the\u202e api\u200b${tag} please\ufe0f ${'x '.repeat(1_000)}`;
    const said = hintIn(hint);
    expect(said).toMatch(/^use the api please (?:x )+x?$/);
    expect(said.length).toBe(MAX_HINT_CHARS);
  });

  it.each([
    ['log in with --password hunter2 please', 'log in with --password [redacted] please'],
    ['token: abcdef it is', 'token: [redacted] it is'],
    ['Bearer abcdef', 'Bearer [redacted]'],
    ['postgres://kim:pw@db/shop is it', '[redacted] is it'],
    ['at /home/kim/code and /Users/kim/x', 'at /home/user/code and /Users/user/x'],
    [`${'word '.repeat(399)}x://kim:${'half'.repeat(99)}@db`, 'word '.repeat(100)],
    ['the token service of the key project', 'the token service of the key project'],
  ])('takes secrets and user names out of the user’s words: %s', (hint, said) => {
    expect(hintIn(hint)).toBe(said);
  });

  it('tells that another checkout is never the answer', () => {
    const { system } = buildPrompt({ host: 'a.localhost', corrections: [], candidates });
    expect(system).toContain('another checkout is always wrong');
  });

  function hintIn(hint: string): string {
    const { user } = buildPrompt({ host: 'a.localhost', hint, corrections: [], candidates });
    return (JSON.parse(user) as { hint: string }).hint;
  }
});

/**
 * Tokens, counted high: a token is at most 6 letters or 3 digits, and every other character is one of its own but for
 * the runs that every tokenizer has learned from JSON.
 */
function tokensOf(text: string): number {
  const pieces = text.match(/ ?[A-Za-z]+|\d{1,3}|[",:{}[\]]+| +|\S/g) ?? [];
  return pieces.reduce((sum, piece) => sum + (/[A-Za-z]/.test(piece) ? Math.ceil(piece.trim().length / 6) : 1), 0);
}

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
