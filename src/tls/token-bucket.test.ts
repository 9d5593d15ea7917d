import { describe, expect, it } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

function taken(bucket: TokenBucket, times: number, nowMs: number): number {
  return Array.from({ length: times }, () => bucket.take(nowMs)).filter(Boolean).length;
}

describe('a token bucket', () => {
  it('lets a burst of one second through and refuses the rest', () => {
    expect(taken(new TokenBucket(5, 0), 8, 0)).toBe(5);
  });

  it('fills again with time, and never above its size', () => {
    const bucket = new TokenBucket(5, 0);
    taken(bucket, 5, 0);
    expect(taken(bucket, 5, 400)).toBe(2);
    expect(taken(bucket, 20, 60_000)).toBe(5);
  });

  it('goes on after the clock was set back', () => {
    const bucket = new TokenBucket(5, 1_000_000);
    taken(bucket, 5, 1_000_000);
    expect(taken(bucket, 5, 0)).toBe(0);
    expect(taken(bucket, 5, 1_000)).toBe(5);
  });
});
