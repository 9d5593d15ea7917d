import { describe, expect, it } from 'vitest';
import { redactText } from './redact-text.ts';

const SECRET = 'hunter2';

describe('redactText()', () => {
  it.each([
    `--password ${SECRET}`,
    `--password=${SECRET}`,
    `-p ${SECRET}`,
    `-p${SECRET}`,
    `-u kim:${SECRET}`,
    `PGPASSWORD=${SECRET}`,
    `NPM_AUTH=${SECRET}`,
    `password: ${SECRET}`,
    `password = ${SECRET}`,
    `the password is ${SECRET}`,
    `{"password":"${SECRET}"}`,
    `{"password": "${SECRET}"}`,
    `Server=db;User Id=sa;Pwd=${SECRET};`,
    `Authorization: Basic ${SECRET}`,
    `-H 'Authorization: Token ${SECRET} x'`,
    `Cookie: sid ${SECRET}`,
    `X-Api-Key: the ${SECRET}`,
    `postgres://kim:${SECRET}@db/shop`,
    `https://x.example/?a=b&token=${SECRET}`,
    `\u0440\u0430ssword: ${SECRET}`,
    `\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44: ${SECRET}`,
    `https://hooks.slack.com/services/T1/B1/${SECRET}`,
    `-----BEGIN RSA PRIVATE KEY----- ${SECRET}`,
  ])('takes out a secret: %s', (text) => {
    const said = redactText(`it is the shop with ${text}`);
    expect(said).toMatch(/^it is the shop with .*\[redacted\]/);
    expect(said).not.toContain(SECRET);
  });

  it.each([
    'the token service of the key project',
    'the one on port 3000, PORT=3000 or -p3000',
    'http://shop.localhost:3000/cart is the one: not the api',
    'feature/checkout-v2 and @acme/web',
  ])('leaves words alone: %s', (text) => {
    expect(redactText(text)).toBe(text);
  });

  it('takes the user out of paths of every system', () => {
    const text = '/home/kim/a /Users/kim/a /mnt/c/Users/kim/a C:\\Users\\kim\\a /var/home/kim';
    expect(redactText(text)).not.toContain('kim');
  });
});
