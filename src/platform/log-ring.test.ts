import { describe, expect, it } from 'vitest';
import { createLogger } from './log.ts';
import { LogRing, type RingLine } from './log-ring.ts';

describe('the log in memory', () => {
  it('has what the log writes, newest first, with secrets masked', () => {
    const ring = new LogRing();
    const log = createLogger({ level: 'info', destination: { write: () => {} }, tee: ring });
    log.info({ apiKey: 'sk-very-secret', port: 5173 }, 'first');
    log.debug('below the level');
    log.error({ err: new Error('boom') }, 'second');
    const [second, first, ...others] = [...ring.newest()];
    expect(others).toEqual([]);
    expect(first).toMatchObject({ id: 1, level: 'info', message: 'first', fields: { apiKey: '[secret]', port: 5173 } });
    expect(second).toMatchObject({ id: 2, level: 'error', message: 'second', fields: { err: { message: 'boom' } } });
    expect(Date.parse(second?.time ?? '')).not.toBeNaN();
  });

  it('keeps a thousand lines and the beginning of a huge one', () => {
    const ring = new LogRing();
    for (let i = 0; i < 1_500; i++) ring.write(`{"level":"info","msg":"${i}"}\n`);
    ring.write(`{"level":"info","msg":"${'x'.repeat(100_000)}"}\n`);
    const lines = [...ring.newest()];
    expect(lines).toHaveLength(1_000);
    expect(lines[0]?.message.length).toBeLessThan(1_000);
    expect(lines[1]).toMatchObject({ id: 1_500, message: '1499' });
  });

  it('remembers the last error longer than its lines', () => {
    const ring = new LogRing();
    const log = createLogger({ level: 'info', destination: { write: () => {} }, tee: ring });
    expect(ring.lastError).toBeNull();
    log.error({ err: new Error('disk full') }, 'The mappings could not be written');
    for (let i = 0; i < 1_100; i++) log.warn('nothing much');
    expect(ring.lastError).toEqual({
      time: expect.any(String),
      message: 'The mappings could not be written: disk full',
    });
    log.error('another');
    expect(ring.lastError?.message).toBe('another');
  });

  it('tells listeners until they stop', () => {
    const ring = new LogRing();
    const heard: RingLine[] = [];
    const stop = ring.listen((line) => heard.push(line));
    ring.write('{"level":"warn","msg":"a"}');
    stop();
    ring.write('{"level":"warn","msg":"b"}');
    expect(heard.map(({ message }) => message)).toEqual(['a']);
  });
});
