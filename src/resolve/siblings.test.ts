import { describe, expect, it } from 'vitest';
import { machine, serviceOf } from '../../test/fixtures/machines.ts';
import { matchSibling, siblingServices } from './siblings.ts';

describe('matchSibling', () => {
  const { snapshot } = machine('monorepo-agents');

  it('finds the part of the same checkout, not of another', () => {
    expect(matchSibling('api', serviceOf(snapshot, 'p204'), snapshot)).toMatchObject({
      outcome: 'decided',
      id: 'p205',
    });
    expect(matchSibling('api', serviceOf(snapshot, 'p201'), snapshot)).toMatchObject({
      outcome: 'decided',
      id: 'p202',
    });
    expect(matchSibling('api', serviceOf(snapshot, 'p210'), snapshot).outcome).toBe('nothing');
  });

  it('finds the compose services of the checkout, from both sides', () => {
    expect(matchSibling('mail', serviceOf(snapshot, 'p201'), snapshot)).toMatchObject({ outcome: 'decided', id: 'c2' });
    expect(matchSibling('web', serviceOf(snapshot, 'c2'), snapshot)).toMatchObject({ outcome: 'decided', id: 'p201' });
    expect(matchSibling('mail', serviceOf(snapshot, 'p204'), snapshot).outcome).toBe('nothing');
  });

  it('finds the one program of the checkout that is called so', () => {
    expect(matchSibling('storybook', serviceOf(snapshot, 'p201'), snapshot)).toMatchObject({ id: 'p211' });
  });

  it('never leaves the compose project, and never means a database', () => {
    const twins = machine('compose-twins').snapshot;
    expect(matchSibling('api', serviceOf(twins, 'c4'), twins).outcome).toBe('nothing');
    expect(matchSibling('db', serviceOf(twins, 'c4'), twins).outcome).toBe('nothing');
  });
});

describe('siblingServices', () => {
  it('reaches the repository with its worktrees and compose project, and nothing else', () => {
    const { snapshot } = machine('monorepo-agents');
    expect(siblingServices(serviceOf(snapshot, 'p201'), snapshot)).toHaveLength(13);
    const sites = machine('two-sites').snapshot;
    expect(siblingServices(serviceOf(sites, 'p101'), sites).map(({ id }) => id)).toEqual(['p101', 'p102']);
    expect(siblingServices(serviceOf(sites, 'p104'), sites).map(({ id }) => id)).toEqual(['p104']);
  });
});
