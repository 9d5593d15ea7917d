import { describe, expect, it } from 'vitest';
import { ProcessProofs } from './process-proof.ts';
import type { RunTool } from './processes/os-tool.ts';

const STARTED = '2026-11-23T09:15:02.000Z';

/** A machine with one process, whose start, presence and clock the test sets. */
function machine() {
  const state = { start: 'Mon Nov 23 09:15:02 2026', isAlive: true, nowMs: 0, calls: 0, code: 0 as number | null };
  const runTool: RunTool = async () => {
    state.calls++;
    return { code: state.code, stdout: `  42 1 501 ${state.start} node server.js\n`, stderr: '' };
  };
  const proofs = new ProcessProofs({ runTool, now: () => state.nowMs, isAlive: () => state.isAlive });
  return { state, proofs };
}

describe('ProcessProofs', () => {
  it('holds for the process that was seen, and not for another that has its pid', async () => {
    const { state, proofs } = machine();
    expect(await proofs.holds(42, STARTED)).toBe(true);
    state.start = 'Mon Nov 23 09:15:03 2026';
    state.nowMs = 2_000;
    expect(await proofs.holds(42, STARTED)).toBe(false);
  });

  it('asks once for connections that are opened at the same time or shortly after', async () => {
    const { state, proofs } = machine();
    const all = await Promise.all(Array.from({ length: 32 }, () => proofs.holds(42, STARTED)));
    state.nowMs = 1_999;
    expect([...all, await proofs.holds(42, STARTED)]).toEqual(Array(33).fill(true));
    expect(state.calls).toBe(1);
  });

  it('does not hold for a process that is gone, however recently it was asked for', async () => {
    const { state, proofs } = machine();
    expect(await proofs.holds(42, STARTED)).toBe(true);
    state.isAlive = false;
    expect(await proofs.holds(42, STARTED)).toBe(false);
  });

  it('does not hold where nothing can be checked', async () => {
    const { state, proofs } = machine();
    state.code = null;
    expect(await proofs.holds(42, STARTED)).toBe(false);
  });
});
