import { describe, expect, it } from 'vitest';
import { type MappingEntry, normalizeMappingKey, parseMappingFile, serializeMappingFile } from './mapping-file.ts';

const SEED_FILE = `{
  "api.shop.localhost": {
    "type": "docker",
    "target": "shop-api-1",
    "port": 3000,
    "createdAt": "2026-02-06T10:00:00Z",
    "llmReason": "compose service api"
  },
  "shop.localhost": {
    "type": "process",
    "target": "localhost",
    "port": 5173,
    "createdAt": "2026-02-06T10:00:00Z",
    "llmReason": "vite",
    "processIdentifier": {
      "workdir": "/home/kim/shop"
    }
  },
  "shop.localhost:api": {
    "type": "process",
    "target": "localhost",
    "port": 4000,
    "createdAt": "",
    "llmReason": ""
  }
}
`;
const GOOD = { type: 'process', target: 'localhost', port: 1, createdAt: 'x', llmReason: '' };

function textOf(entries: ReadonlyMap<string, MappingEntry>): string {
  return serializeMappingFile(entries).toString('utf8');
}

function keysOf(text: string): string[] {
  const { entries } = parseMappingFile(text);
  return [...entries].filter(([, entry]) => entry.mapping).map(([key]) => key);
}

describe('parseMappingFile', () => {
  it('loads a file of the seed and writes it back byte for byte', () => {
    const file = parseMappingFile(SEED_FILE);
    expect(file.warnings).toEqual([]);
    expect(file.entries.get('shop.localhost')?.mapping?.processIdentifier?.workdir).toBe('/home/kim/shop');
    expect(textOf(file.entries)).toBe(SEED_FILE);
  });

  it('keeps unknown fields, at every depth', () => {
    const entry = { ...GOOD, paths: { '/api': 'x' }, processIdentifier: { workdir: '/a', note: [1] }, host: 'target' };
    const file = parseMappingFile(JSON.stringify({ 'a.localhost': entry }));
    expect(JSON.parse(textOf(file.entries))).toEqual({ 'a.localhost': entry });
  });

  it('sets one bad path aside with a warning, keeps it in the file, and the mapping works', () => {
    const entry = { ...GOOD, paths: { '/api': GOOD, '/bad': { port: 'oops' } }, host: null };
    const file = parseMappingFile(JSON.stringify({ 'a.localhost': entry }));
    expect(file.warnings).toEqual([
      expect.stringMatching(/path of the mapping "a\.localhost" is set aside: "\/bad": /),
    ]);
    expect(file.entries.get('a.localhost')?.mapping?.paths).toEqual(entry.paths);
    expect(file.entries.get('a.localhost')?.mapping?.host).toBeUndefined();
  });

  it('sets one bad entry aside with a warning and writes it back untouched, in its place', () => {
    const bad = { type: 'process', target: 'localhost', port: 'oops', mine: true };
    const text = JSON.stringify({ 'a.localhost': GOOD, 'b.localhost': bad, 'c.localhost': GOOD });
    const file = parseMappingFile(text);
    expect(file.warnings).toEqual([expect.stringMatching(/"b\.localhost" is set aside: port: /)]);
    expect(keysOf(text)).toEqual(['a.localhost', 'c.localhost']);
    const again = JSON.parse(textOf(file.entries));
    expect(Object.keys(again)).toEqual(['a.localhost', 'b.localhost', 'c.localhost']);
    expect(again['b.localhost']).toEqual(bad);
  });

  it.each([
    ['a list', []],
    ['a text', 'http://127.0.0.1:3000'],
    ['a number', 5],
    ['nothing', null],
    ['lists and objects in place of words', { ...GOOD, type: ['process'], target: { host: 'a' } }],
    ['an object as the reason', { ...GOOD, llmReason: { said: 'x' } }],
    ['a number as the time', { ...GOOD, createdAt: 1_760_000_000 }],
    ['paths in a list', { ...GOOD, paths: ['/api'] }],
    ['an identity in a list', { ...GOOD, identity: [] }],
    ['an identity of a later version', { ...GOOD, identity: { kind: 'machine' } }],
    ['a source of a later version', { ...GOOD, source: 'oracle' }],
    ['a directory that is a list', { ...GOOD, processIdentifier: { workdir: ['/x'] } }],
    ['an identifier without a directory', { ...GOOD, processIdentifier: { note: 'mine' } }],
    ['an identifier that is a list', { ...GOOD, processIdentifier: [] }],
    ['a host setting that is an object', { ...GOOD, host: { name: 'x' } }],
  ])('sets %s aside with a warning, and the others work', (_what, odd) => {
    const text = JSON.stringify({ 'a.localhost': GOOD, 'odd.localhost': odd, 'b.localhost': GOOD });
    const file = parseMappingFile(text);
    expect(file.warnings).toEqual([expect.stringMatching(/^The mapping "odd\.localhost" is set aside: ./)]);
    expect(keysOf(text)).toEqual(['a.localhost', 'b.localhost']);
    expect(JSON.parse(textOf(file.entries))).toEqual(JSON.parse(text));
  });

  it.each([
    ['lists', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['objects', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
    ['a mapping', `{"type":"process","target":"x","port":1,"x":${'['.repeat(65)}${']'.repeat(65)}}`],
  ])('sets what is nested too deeply aside, and writes it as it was: %s', (_what, deep) => {
    const text = `{"a.localhost": ${JSON.stringify(GOOD)}, "deep.localhost": ${deep}}`;
    const file = parseMappingFile(text);
    expect(file.warnings).toEqual(['The mapping "deep.localhost" is set aside: it is nested deeper than 64 levels']);
    const written = textOf(file.entries);
    expect(written).toContain(deep);
    expect(written.length).toBeLessThan(text.length + 200);
    expect(textOf(parseMappingFile(written).entries)).toBe(written);
  });

  it('writes numbers as they were, also those that no double is', () => {
    const text = '{"a.localhost": {"type":"process","target":"x","port":1,"n":12345678901234567890,"m":1e400}}';
    const file = parseMappingFile(text);
    expect(file.warnings).toEqual([]);
    expect(textOf(file.entries)).toContain('"n":12345678901234567890,"m":1e400');
  });

  it('keeps every one of several with the same key; the last one counts', () => {
    const of = (port: number) => `"a.localhost": ${JSON.stringify({ ...GOOD, port })}`;
    const text = `{${of(1)}, ${of(2)}, ${of(3)}, "b.localhost": 1, "b.localhost": 2}`;
    const file = parseMappingFile(text);
    expect(file.entries.get('a.localhost')?.mapping?.port).toBe(3);
    expect(file.warnings).toHaveLength(4);
    const written = JSON.parse(textOf(file.entries)) as Record<string, { port: number } | number>;
    expect(
      Object.entries(written).map(([key, value]) => [key, typeof value === 'number' ? value : value.port]),
    ).toEqual([
      ['a.localhost', 3],
      ['a.localhost (set aside)', 1],
      ['a.localhost (set aside 2)', 2],
      ['b.localhost', 1],
      ['b.localhost (set aside)', 2],
    ]);
    const again = parseMappingFile(textOf(file.entries));
    expect(textOf(again.entries)).toBe(textOf(file.entries));
  });

  it('is not harmed by __proto__, neither as a key nor inside an entry', () => {
    const text = `{"__proto__": {"type": "process"}, "a.localhost": ${JSON.stringify(GOOD).slice(0, -1)}, "__proto__": {"polluted": 1}}, "constructor": 5}`;
    const file = parseMappingFile(text);
    expect(file.entries.get('a.localhost')?.mapping?.port).toBe(1);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(file.entries.get('a.localhost')?.mapping?.polluted).toBeUndefined();
    const written = textOf(file.entries);
    expect(written).toContain('"__proto__": {\n    "type": "process"\n  }');
    expect(written).toContain('"constructor": 5');
  });

  it('folds a key of the seed to lower case; where both are there, the exact one counts and the other is kept', () => {
    expect(keysOf(JSON.stringify({ 'Shop.Localhost': GOOD }))).toEqual(['shop.localhost']);
    for (const keys of [
      ['Shop.localhost', 'shop.localhost'],
      ['shop.localhost', 'Shop.localhost'],
    ]) {
      const text = JSON.stringify(Object.fromEntries(keys.map((key) => [key, { ...GOOD, llmReason: key }])));
      const file = parseMappingFile(text);
      expect(file.entries.get('shop.localhost')?.mapping?.llmReason).toBe('shop.localhost');
      expect(file.entries.size).toBe(2);
      expect(file.warnings).toHaveLength(1);
    }
  });

  it('takes what people and the seed leave out: createdAt, llmReason, an empty processIdentifier, null', () => {
    const text =
      '{"a.localhost": {"type": "process", "target": "localhost", "port": 1, "processIdentifier": {}, "identity": null}}';
    const file = parseMappingFile(text, new Date(0));
    expect(file.warnings).toEqual([]);
    expect(file.entries.get('a.localhost')?.mapping).toMatchObject({
      createdAt: '1970-01-01T00:00:00.000Z',
      llmReason: '',
    });
  });

  it('reads an empty file and one with a byte order mark', () => {
    expect(parseMappingFile('')).toEqual({ entries: new Map(), warnings: [], corrupt: false });
    expect(keysOf(`\uFEFF${JSON.stringify({ 'a.localhost': GOOD })}`)).toEqual(['a.localhost']);
  });

  it('says that a text that is no JSON object is corrupt', () => {
    for (const text of ['null', '[]', '5', '"x"', 'hello', '{"a.localhost": {', '\0\0\0']) {
      expect(parseMappingFile(text).corrupt, text).toBe(true);
    }
  });

  it('says a few of very many warnings', () => {
    const text = JSON.stringify(Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`a${i}.localhost`, i])));
    const { warnings, entries } = parseMappingFile(text);
    expect(warnings.length).toBeLessThan(30);
    expect(entries.size).toBe(1_000);
  });
});

describe('normalizeMappingKey', () => {
  it.each([
    ['shop.localhost', 'shop.localhost'],
    ['SHOP.localhost.', 'shop.localhost'],
    ['shop.localhost:API', 'shop.localhost:api'],
    ['a_b.localhost:user.service-1', 'a_b.localhost:user.service-1'],
    ['shop.localhost:', null],
    ['shop.localhost:a/b', null],
    ['shop localhost', null],
    [':api', null],
    ['', null],
    ['__proto__', null],
  ])('%s -> %s', (text, key) => {
    expect(normalizeMappingKey(text)).toBe(key);
  });
});
