import { describe, expect, it } from 'vitest';
import { takeInheritedSockets } from './inherited-sockets.ts';

const PID = 812;

function take(env: Record<string, string | undefined>): unknown {
  return Object.fromEntries(takeInheritedSockets(env, PID));
}

describe('takeInheritedSockets', () => {
  it('gives descriptors by name and leaves nothing for children', () => {
    const env = { LISTEN_PID: '812', LISTEN_FDS: '3', LISTEN_FDNAMES: 'https:https:http', PATH: '/bin' };
    expect(take(env)).toEqual({ https: [3, 4], http: [5] });
    expect(env).toEqual({ PATH: '/bin' });
    expect(take(env)).toEqual({});
  });

  it('leaves alone what is for another process', () => {
    const env = { LISTEN_PID: '811', LISTEN_FDS: '1', LISTEN_FDNAMES: 'https' };
    expect(take(env)).toEqual({});
    expect(env).toEqual({ LISTEN_PID: '811', LISTEN_FDS: '1', LISTEN_FDNAMES: 'https' });
  });

  it.each([
    [{ LISTEN_PID: '812' }, {}],
    [{ LISTEN_PID: '812', LISTEN_FDS: 'x' }, {}],
    [{ LISTEN_PID: '812', LISTEN_FDS: '-1' }, {}],
    [
      { LISTEN_PID: '812', LISTEN_FDS: '2', LISTEN_FDNAMES: 'https' },
      { https: [3], unknown: [4] },
    ],
    [{ LISTEN_PID: '812', LISTEN_FDS: '1' }, { unknown: [3] }],
  ])('makes the best of %j', (env, sockets) => {
    expect(take({ ...env })).toEqual(sockets);
  });
});
