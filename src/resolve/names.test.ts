import { describe, expect, it } from 'vitest';
import { type Result, scoreMachine } from '../../bench/resolve/score.ts';
import { crowd } from '../../bench/resolve/timing.ts';
import { cpuMs } from '../../test/fixtures/cpu-time.ts';
import { loadMachines, machine } from '../../test/fixtures/machines.ts';
import type { ProcessService, Snapshot } from '../core/service.ts';
import { matchNames } from './names.ts';

const results = loadMachines().flatMap(scoreMachine);
/** Held, so that a change of a rule that costs many answers is seen; raise it with the rules. */
const LEAST_COVERAGE = 0.8;

describe('matchNames', () => {
  it('never gives a wrong answer on the test machines', () => {
    const wrong = results.filter(({ verdict }) => verdict === 'wrong');
    expect(wrong.map(({ machine: id, ask, answer }) => `${id}: ${ask.host ?? ask.service} -> ${answer}`)).toEqual([]);
    expect(results.length).toBeGreaterThan(200);
  });

  it.each([
    ['hostnames', (result: Result) => result.ask.host !== undefined],
    ['related services', (result: Result) => result.ask.service !== undefined],
  ])('answers most of what the test machines ask by %s', (_what, isAsked) => {
    const asked = results.filter((result) => isAsked(result) && result.ask.expect.length > 0);
    const right = asked.filter(({ verdict }) => verdict === 'right');
    expect(right.length / asked.length).toBeGreaterThan(LEAST_COVERAGE);
  });

  it('never falls back to a worktree when the main checkout stops', () => {
    const { snapshot } = machine('two-sites');
    const without = { ...snapshot, processes: snapshot.processes.filter(({ id }) => id !== 'p101') };
    for (const name of ['bakery', 'main.bakery', 'other.bakery', 'bakery-main']) {
      expect(matchNames(name, without).outcome).toBe('nothing');
    }
    const orchard = machine('monorepo-agents').snapshot;
    const agents = { ...orchard, processes: orchard.processes.filter(({ git }) => git?.worktree), containers: [] };
    for (const name of ['orchard', 'web', 'web.orchard', 'orchard.web', 'api.main.orchard']) {
      expect(matchNames(name, agents).outcome).toBe('nothing');
    }
  });

  it('never lets a compose project that was started in a worktree take the plain name', () => {
    const { snapshot } = machine('monorepo-agents');
    const root = '/srv/dev/orchard-agents/amber';
    const containers = snapshot.containers.map((container) => ({
      ...container,
      compose: { project: 'orchard', service: container.compose?.service ?? '', workdir: root },
    }));
    const moved = { ...snapshot, containers };
    expect(matchNames('mail.orchard', moved).outcome).toBe('nothing');
    expect(matchNames('mail.fix-cart.orchard', moved)).toMatchObject({ outcome: 'decided', id: 'c2' });
  });

  it('takes hyphens for dots between parts, and never dots for hyphens inside one', () => {
    const { snapshot } = machine('two-sites');
    expect(matchNames('order-form-bakery', snapshot)).toMatchObject({ outcome: 'decided', id: 'p102' });
    expect(matchNames('order_form.bakery', snapshot)).toMatchObject({ outcome: 'decided', id: 'p102' });
    expect(matchNames('form.bakery', snapshot).outcome).toBe('nothing');
    expect(matchNames('order.form.bakery', snapshot).outcome).toBe('nothing');
  });

  it('does not take a common word for the one part called so while another has the word in its name', () => {
    const { snapshot } = machine('monorepo-agents');
    expect(matchNames('api', snapshot)).toMatchObject({ outcome: 'ambiguous' });
    expect(matchNames('storybook', snapshot)).toMatchObject({ outcome: 'decided', id: 'p211' });
  });

  it('names the service but no port where several could be meant', () => {
    const [site] = machine('two-sites').snapshot.processes;
    const listen = [5173, 5174, 9229].map((port) => ({ address: '::1', port }));
    const snapshot: Snapshot = { processes: [{ ...(site as ProcessService), listen }], containers: [] };
    expect(matchNames('bakery', snapshot)).toMatchObject({ outcome: 'ambiguous', ids: ['p101'] });
  });

  it('ignores noise', () => {
    const { snapshot } = machine('two-sites');
    const processes = snapshot.processes.map((process) => ({ ...process, noise: 'an editor' }));
    expect(matchNames('bakery', { ...snapshot, processes }).outcome).toBe('nothing');
  });

  it('takes less than 2 ms a call among 1,000 services', () => {
    const snapshot = crowd(1_000);
    matchNames('a1.project1', snapshot);
    const times = Array.from({ length: 200 }, (_, i) =>
      cpuMs(() => void matchNames(i % 2 ? `a${i}.project${i % 200}` : `a${i}`, snapshot)),
    );
    // The middle one: some have a garbage collection in them.
    expect(times.sort((a, b) => a - b)[100]).toBeLessThan(2);
  });
});
