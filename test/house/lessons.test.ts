/** docs/lessons.md: each lesson has a test, and each test that it names exists. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const rows = readFileSync(`${ROOT}docs/lessons.md`, 'utf8')
  .split('\n')
  .filter((line) => /^\| [A-Z]\d+ \|/.test(line))
  .map((line) => {
    const [, id = '', what = '', over = '', tests = ''] = line.split(' | ').join('|').split('|');
    return { id: id.trim(), what: what.trim(), over: over.trim(), tests };
  });

/** `path` "title", "title" */
function namedIn(tests: string): { path: string; titles: string[] }[] {
  return [...tests.matchAll(/`([^`]+)`((?:,? "[^"]+")*)/g)].map(([, path = '', titles = '']) => ({
    path,
    titles: [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => title),
  }));
}

const count = (letter: string): number => rows.filter(({ id }) => id.startsWith(letter)).length;

describe('the table of lessons', () => {
  it('has every one of them, once', () => {
    expect({ P: count('P'), B: count('B'), D: count('D'), T: count('T') }).toEqual({ P: 24, B: 14, D: 15, T: 17 });
    const ids = rows.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
  });

  it.each(rows)('$id: $what', ({ over, tests }) => {
    expect(over).toMatch(/^(?:–|[12W](?: [12W])*)$/);
    const named = namedIn(tests);
    expect(named.length).toBeGreaterThan(0);
    for (const { path, titles } of named) {
      expect(existsSync(`${ROOT}${path}`), path).toBe(true);
      expect(titles.length, `${path} without a title`).toBeGreaterThan(0);
      const text = readFileSync(`${ROOT}${path}`, 'utf8');
      // As the first argument of `it`, `describe` or what `each` gives.
      for (const title of titles)
        expect(
          [`'${title}'`, `\`${title}\``].some((one) => text.includes(one)),
          title,
        ).toBe(true);
    }
  });
});
