import { describe, expect, it } from 'vitest';
import { AppError } from '../core/errors.ts';
import { createLogger, type LogLevel, maskSecrets } from './log.ts';

function logged(level: LogLevel, say: (log: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  say(createLogger({ level, destination: { write: (line) => void lines.push(line) } }));
  return lines.map((line) => {
    expect(line.indexOf('\n')).toBe(line.length - 1);
    return JSON.parse(line) as Record<string, unknown>;
  });
}

describe('createLogger', () => {
  it('writes one line of JSON per event, with the level in words', () => {
    const [line] = logged('info', (log) => {
      log.info({ host: 'shop.localhost\nFAKE' }, 'Routed\nto shop');
      log.debug('not said');
    });
    expect(line).toMatchObject({ level: 'info', host: 'shop.localhost\nFAKE', msg: 'Routed\nto shop' });
    expect(line?.time).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  it('masks secrets in fields, headers, and errors', () => {
    const error = new AppError('LLM_AUTH', 'Refused', { data: { apiKey: 'sk-1' }, cause: new Error('inner') });
    const text = JSON.stringify(
      logged('info', (log) => {
        log.warn({
          err: error,
          headers: { Authorization: 'Bearer sk-2', 'set-cookie': ['sk-3'], accept: 'text/html' },
        });
        log.error(error);
        log.error({ failure: { cause: error } });
        log.child({ LLM_API_KEY: 'kept by the caller' }).info('x');
      }),
    );
    expect(text).not.toMatch(/sk-\d/);
    expect(text).toContain('text/html');
    expect(text).toContain('Refused');
    expect(text).toContain('inner');
  });

  it('says nothing when silent', () => {
    expect(logged('silent', (log) => log.fatal('x'))).toEqual([]);
  });
});

describe('maskSecrets', () => {
  it.each(['password', 'PASSWD', 'apiKey', 'api_key', 'x-api-key', 'LLM_API_KEY', 'Cookie', 'set-cookie', 'token'])(
    'masks %s',
    (name) => {
      expect(maskSecrets({ a: [{ [name]: 'v' }] })).toEqual({ a: [{ [name]: '[secret]' }] });
    },
  );

  it.each(['accessToken', 'x-auth-token', 'client_secret', 'privateKey', 'proxy-authorization', 'credentials'])(
    'masks %s too',
    (name) => {
      expect(maskSecrets({ [name]: 'v' })).toEqual({ [name]: '[secret]' });
    },
  );

  it('leaves what only looks alike', () => {
    const harmless = { promptTokens: 5, key: 'shop.localhost', author: 'kim', keyed: 1, hasToken: true, pass: 2 };
    expect(maskSecrets(harmless)).toEqual(harmless);
  });

  it('ends on cycles and does not pollute prototypes', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(JSON.stringify(maskSecrets(cycle))).toContain('[deep]');
    maskSecrets(JSON.parse('{"__proto__": {"polluted": 1}}'));
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
