import { describe, expect, it } from 'vitest';
import { cpuMs } from '../../test/fixtures/cpu-time.ts';
import { maskDeep, maskText } from './mask.ts';

describe('maskText', () => {
  it.each([
    ['node server.js --api-key=abc --port 3000', 'node server.js --api-key=*** --port 3000'],
    ['node --password hunter2 server.js', 'node --password *** server.js'],
    ['DB_PASSWORD="a b" node x', 'DB_PASSWORD=*** node x'],
    ['GET /x?a=1&access_token=abc&b=2', 'GET /x?a=1&access_token=***&b=2'],
    ['url=http://x/?token=abc', 'url=http://x/?token=***'],
    ['Authorization: Bearer abcdefgh', 'Authorization: *** ***'],
    ['psql postgres://kim:pw@db:5432/x', 'psql postgres://***@db:5432/x'],
    ['{"secret":"abc"}', '{"secret":***}'],
    ['key sk-or-v1-0123456789abcdef end', 'key *** end'],
    ['the token expired', 'the token expired'],
    ['node --key abc --db-pass abc --pw=abc -auth abc x', 'node --key *** --db-pass *** --pw=*** -auth *** x'],
    ['DB_PASS=abc azcopy https://x/?sv=1&sig=a%2Fb&se=2', 'DB_PASS=*** azcopy https://x/?sv=1&sig=***&se=2'],
    ['git --author=kim --keyboard us monkey=1 auth: none', 'git --author=kim --keyboard us monkey=1 auth: none'],
    ['node --key --port 80', 'node --key --port 80'],
    [
      'node /home/kim/shop/node_modules/.bin/vite --port 5173',
      'node /home/kim/shop/node_modules/.bin/vite --port 5173',
    ],
  ])('%s', (text, expected) => {
    expect(maskText(text)).toBe(expected);
  });

  it('takes hostile text in no time', () => {
    const tookMs = cpuMs(() => {
      for (const part of [
        'token',
        '--token ',
        'a://b:',
        'eyJaaaaa.',
        '"token" ',
        'password'.repeat(3),
        '-key',
        '-',
        'key ',
        'a-key=',
      ])
        maskText(part.repeat(20_000));
    });
    expect(tookMs).toBeLessThan(2_000);
  });
});

describe('maskDeep', () => {
  it('masks by field name, by the flag before and by value, and keeps the rest', () => {
    const value = {
      port: 1,
      argv: ['node', '--token', 'abc', '--port', '80'],
      labels: { 'db.password': 'x', name: 'shop' },
      tokens: { prompt: 3 },
      nothing: null,
    };
    expect(maskDeep(value)).toEqual({
      port: 1,
      argv: ['node', '--token', '***', '--port', '80'],
      labels: { 'db.password': '***', name: 'shop' },
      tokens: { prompt: 3 },
      nothing: null,
    });
  });
});
