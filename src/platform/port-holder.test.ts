import { describe, expect, it } from 'vitest';
import { holderInFields } from './port-holder.ts';

describe('holderInFields()', () => {
  it('reads the first process', () => {
    expect(holderInFields('p812\ncnginx\nu0\nf6\np813\ncnginx\nu33\nf6\n')).toEqual({
      pid: 812,
      command: 'nginx',
      uid: 0,
    });
  });

  it('reads a name with a space, which lsof escapes', () => {
    expect(holderInFields('p91\ncOrbStack\\x20Helper\nu501\n')?.command).toBe('OrbStack Helper');
  });

  it('is nobody where lsof says nothing', () => {
    expect(holderInFields('')).toBeUndefined();
  });
});
