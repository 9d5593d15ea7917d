import { describe, expect, it } from 'vitest';
import { serviceChoices } from './setup-service.ts';

function values(...machine: Parameters<typeof serviceChoices>): string[] {
  return serviceChoices(...machine).map(({ value }) => value);
}

describe('serviceChoices()', () => {
  it('are the three ways to 443 and the high ports on macOS, the one without a password first', () => {
    expect(values('launchd', false)).toEqual(['guarded', 'machine', 'session', 'background', 'none']);
  });

  it('are the machine or the session under systemd, and root has no session', () => {
    expect(values('systemd', false)).toEqual(['machine', 'session', 'background', 'none']);
    for (const system of ['systemd', 'launchd'] as const) {
      expect(values(system, true)).toEqual(['machine', 'background', 'none']);
    }
  });

  it('are no service where there is no manager', () => {
    expect(values(undefined, true)).toEqual(['background', 'none']);
  });
});
