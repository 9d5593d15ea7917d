import { describe, expect, it } from 'vitest';
import { isLoopbackPeer } from './loopback-guard.ts';

describe('isLoopbackPeer()', () => {
  it.each(['127.0.0.1', '127.255.0.3', '::1', '::ffff:127.0.0.1'])('%s is', (address) => {
    expect(isLoopbackPeer(address)).toBe(true);
  });

  it.each([
    '10.0.0.1',
    '192.168.1.7',
    '::',
    'fe80::1',
    '::ffff:10.0.0.1',
    '127.0.0.1.evil',
    '1127.0.0.1',
    '::1:1',
    '',
    undefined,
  ])('%s is not', (address) => {
    expect(isLoopbackPeer(address)).toBe(false);
  });
});
