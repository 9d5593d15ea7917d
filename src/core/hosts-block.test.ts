import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostsBlockNames, MAX_HOSTS_NAMES, namesIn, withHostsBlock } from './hosts-block.ts';

const USERS = '127.0.0.1\tlocalhost\n# a comment\n10.0.0.7 nas Printer.lan\n';

function edited(text: string, names: readonly string[]): string {
  const edit = withHostsBlock(text, names);
  if ('problem' in edit) throw new Error(edit.problem);
  return edit.text;
}

describe('withHostsBlock()', () => {
  it('adds a line for each name and family, and nothing else changes', () => {
    const text = edited(USERS, ['shop.localhost', 'api.shop.localhost', 'shop.localhost']);
    expect(text.startsWith(USERS)).toBe(true);
    expect(text.slice(USERS.length).split('\n')).toEqual([
      expect.stringMatching(/^# hostwise begin: /),
      '127.0.0.1 shop.localhost',
      '::1 shop.localhost',
      '127.0.0.1 api.shop.localhost',
      '::1 api.shop.localhost',
      '# hostwise end',
      '',
    ]);
    expect(hostsBlockNames(text)).toEqual(['shop.localhost', 'api.shop.localhost']);
  });

  it('changes its block where it stands, and takes it out again', () => {
    const first = `${edited(USERS, ['a.localhost'])}# below\n`;
    const second = edited(first, ['b.localhost']);
    expect(second).toBe(first.replaceAll('a.localhost', 'b.localhost'));
    expect(edited(second, [])).toBe(`${USERS}# below\n`);
  });

  it('is the same file again after writing twice', () => {
    const once = edited(USERS, ['a.localhost']);
    expect(edited(once, ['a.localhost'])).toBe(once);
  });

  it('keeps CRLF, and a last line without an end', () => {
    const text = edited('127.0.0.1 localhost\r\n10.0.0.7 nas', ['a.localhost']);
    expect(text).toMatch(/^127\.0\.0\.1 localhost\r\n10\.0\.0\.7 nas\r\n# hostwise begin/);
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });

  it('leaves a name to the line that the user has for it', () => {
    expect(hostsBlockNames(edited('10.0.0.7 shop.localhost # mine\n', ['shop.localhost', 'b.localhost']))).toEqual([
      'b.localhost',
    ]);
  });

  it.each([
    ['# hostwise begin: x\n127.0.0.1 a\n', 'line 1'],
    ['127.0.0.1 a\n# hostwise end\n', 'line 2'],
    ['# hostwise end\n# hostwise begin\n', 'line 1, 2'],
    ['# hostwise begin\n# hostwise begin\n# hostwise end\n', 'line 1, 2, 3'],
  ])('refuses half a marker: %j', (text, where) => {
    for (const names of [['b.localhost'], []]) {
      expect(withHostsBlock(text, names)).toEqual({ problem: expect.stringContaining(where) });
    }
  });

  it('has a limit', () => {
    const names = Array.from({ length: MAX_HOSTS_NAMES + 50 }, (_, n) => `n${n}.localhost`);
    expect(hostsBlockNames(edited('', names))).toHaveLength(MAX_HOSTS_NAMES);
  });

  it('gives any file without markers back as it was', () => {
    const text = fc.array(fc.constantFrom('127.0.0.1 x', '', '# y', '\u00ff\u0000z', '# hostwise'), { maxLength: 8 });
    fc.assert(
      fc.property(text, fc.constantFrom('\n', '\r\n'), (lines, end) => {
        const original = lines.map((line) => line + end).join('');
        expect(edited(edited(original, ['q.localhost']), [])).toBe(original);
      }),
    );
  });
});

describe('namesIn()', () => {
  it('reads names and aliases in lower case, without comments', () => {
    expect([...namesIn('1.2.3.4 A.b c # d\n#1.2.3.4 e\n\n::1\tf\r\n')]).toEqual(['a.b', 'c', 'f']);
  });
});
