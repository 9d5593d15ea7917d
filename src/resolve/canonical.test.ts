import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadMachines, machine } from '../../test/fixtures/machines.ts';
import { anySnapshot } from '../../test/fixtures/snapshots.ts';
import { classifyHostname, normalizeHostname } from '../core/hostname.ts';
import { candidatesOf, type Snapshot } from '../core/service.ts';
import { canonicalHosts } from './canonical.ts';
import { matchNames } from './names.ts';

function expectCanonical(snapshot: Snapshot): void {
  const hosts = canonicalHosts(snapshot);
  expect([...hosts.keys()].sort()).toEqual(
    candidatesOf(snapshot)
      .map(({ id }) => id)
      .sort(),
  );
  expect(new Set(hosts.values()).size).toBe(hosts.size);
  for (const [id, host] of hosts) {
    expect(normalizeHostname(host)).toBe(host);
    expect(classifyHostname(host, ['localhost']).kind).toBe('app');
    const match = matchNames(host.slice(0, -'.localhost'.length), snapshot);
    // A service whose port is not clear is named all the same.
    if (match.outcome === 'ambiguous') expect(match.ids).toEqual([id]);
    else expect(match).toMatchObject({ outcome: 'decided', id });
  }
}

describe('canonicalHosts', () => {
  it.each(loadMachines())('gives every service of $id one routable hostname that names exactly it', ({ snapshot }) => {
    expectCanonical(snapshot);
  });

  it('does so on random machines', () => {
    fc.assert(fc.property(anySnapshot, expectCanonical), { numRuns: 250 });
  });

  it('does not depend on the order of the snapshot', () => {
    fc.assert(
      fc.property(anySnapshot, ({ processes, containers }) => {
        const forth = canonicalHosts({ processes, containers });
        const back = canonicalHosts({ processes: processes.toReversed(), containers: containers.toReversed() });
        expect(new Map([...back].sort())).toEqual(new Map([...forth].sort()));
      }),
    );
  });

  it('names projects, worktrees, packages and compose services so that parts share a parent', () => {
    const sites = canonicalHosts(machine('two-sites').snapshot);
    expect(sites.get('p101')).toBe('bakery.localhost');
    expect(sites.get('p102')).toBe('order-form.bakery.localhost');
    const orchard = canonicalHosts(machine('monorepo-agents').snapshot, 'test');
    expect(orchard.get('p201')).toBe('web.orchard.test');
    expect(orchard.get('p205')).toBe('api.fix-cart.orchard.test');
    expect(orchard.get('p210')).toBe('web.cedar.orchard.test');
    expect(orchard.get('c2')).toBe('mail.orchard.test');
  });

  it('uses the whole branch where two worktrees end in the same word', () => {
    const hosts = canonicalHosts(machine('odd-facts').snapshot);
    expect(hosts.get('p505')).toBe('one-login.pear.localhost');
    expect(hosts.get('p506')).toBe('two-login.pear.localhost');
  });

  it('keeps a project called proxy off the dashboard’s name', () => {
    expect(canonicalHosts(machine('odd-facts').snapshot).get('p509')).toBe('proxy-app.localhost');
    expect(canonicalHosts(machine('compose-twins').snapshot).get('c8')).toBe('edge.proxy-app.localhost');
  });

  it('leaves the bare name of a program free for what people mean by it', () => {
    expect(canonicalHosts(machine('two-sites').snapshot).get('p104')).toBe('postgres-5432.localhost');
  });
});
