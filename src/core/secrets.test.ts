import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { cpuMs } from '../../test/fixtures/cpu-time.ts';
import { looksSecret } from './secrets.ts';

/** How many of 500 random texts are seen. */
function seen(make: () => string): number {
  return Array.from({ length: 500 }, make).filter(looksSecret).length / 500;
}

describe('looksSecret()', () => {
  it.each<[string, () => string, number]>([
    ['18 bytes in base64', () => randomBytes(18).toString('base64'), 0.9],
    ['32 bytes in base64', () => randomBytes(32).toString('base64'), 0.97],
    ['24 bytes in base64url', () => randomBytes(24).toString('base64url'), 0.9],
    ['32 bytes in base64url', () => randomBytes(32).toString('base64url'), 0.97],
    ['8 bytes in hex', () => randomBytes(8).toString('hex'), 0.99],
    ['16 bytes in hex', () => randomBytes(16).toString('hex').toUpperCase(), 1],
    ['UUIDs', randomUUID, 1],
    ['UUIDs in lower case without hyphens', () => randomUUID().replaceAll('-', ''), 1],
  ])('sees %s', (_what, make, atLeast) => {
    expect(seen(make)).toBeGreaterThanOrEqual(atLeast);
  });

  it.each([
    'customer-portal-web-client',
    'CustomerPortalWebClient',
    'Contoso.Shop.WebApi.v2',
    'Fix-Login-Page-For-All-Users',
    'feature/JIRA-1234-iOS-app-v2-h264-support',
    'dependabot/npm_and_yarn/apps/web/vite-7.1.12',
    'renovate/node-26.x-lockfile',
    'release/2026.10.3-rc1',
    'k8s-i18n-a11y-l10n',
    'my_project_name_that_is_long_and_has_no_digits',
    'elasticsearch-oss-7.17.28',
    'opentelemetry-collector-contrib',
    'token-service',
    'secrets-manager',
    'password-reset',
    '/home/kim/.nvm/versions/node/v22.11.0/bin/node',
    '/Applications/JetBrains Toolbox.app/Contents/MacOS/jetbrains-toolbox',
    'a'.repeat(63),
  ])('leaves a name alone: %s', (name) => {
    expect(looksSecret(name)).toBe(false);
  });

  it('is no longer than a moment about any text', () => {
    const tookMs = cpuMs(() => {
      for (const text of ['a'.repeat(400), 'aB'.repeat(200), '-_'.repeat(200), 'eyj'.repeat(133), '://'.repeat(133)]) {
        for (let i = 0; i < 100; i++) looksSecret(text);
      }
    });
    expect(tookMs).toBeLessThan(500);
  });
});
