/** The strictest client of all: a real Chromium that trusts the root. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBrowser, type TestBrowser } from '../../fixtures/browser.ts';
import { needs } from '../../fixtures/needs.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';
import { startTlsStand, type TlsStand } from '../../fixtures/tls-stand.ts';

describe.skipIf(!needs('chromium') || !needs('certutil'))('Chromium [needs chromium, certutil]', () => {
  let dir: string;
  let stand: TlsStand;
  let chromium: TestBrowser;

  beforeAll(async () => {
    dir = await makeTempDir('hw-ca');
    stand = await startTlsStand(dir);
    chromium = await startBrowser(stand.authority.rootFile, ['--host-resolver-rules=MAP example.com 127.0.0.1']);
  });
  afterAll(async () => {
    await chromium?.close();
    stand?.close();
    await removeDir(dir);
  });

  it.each(['shop.localhost', 'a.b.shop.localhost', 'under_score.localhost', 'localhost', '127.0.0.1', '[::1]'])(
    'opens https://%s without a warning',
    async (host) => {
      const page = await chromium.browser.newPage();
      const response = await page.goto(`https://${host}:${stand.port}/`);
      expect(await response?.text()).toBe(`hello ${host}`);
      await page.close();
    },
  );

  it('refuses example.com from the same CA', async () => {
    const page = await chromium.browser.newPage();
    await expect(page.goto(`https://example.com:${stand.port}/`)).rejects.toThrow(/ERR_CERT_/);
    expect(stand.visited).not.toContain('example.com');
    await page.close();
  });
});
