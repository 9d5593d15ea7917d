/** The strictest client of all: a real Chromium that trusts the root. */
import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadOrCreateAuthority } from '../../../src/tls/authority.ts';
import { CertificateContexts } from '../../../src/tls/contexts.ts';
import { startBrowser, type TestBrowser } from '../../fixtures/browser.ts';
import { needs } from '../../fixtures/needs.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';

describe.skipIf(!needs('chromium') || !needs('certutil'))('Chromium [needs chromium, certutil]', () => {
  let dir: string;
  let server: https.Server;
  let chromium: TestBrowser;

  beforeAll(async () => {
    dir = await makeTempDir('hw-ca');
    const authority = await loadOrCreateAuthority(dir, { domains: ['localhost'] });
    const certificates = await CertificateContexts.create(authority, { domains: ['localhost'] });
    server = https.createServer({
      ...certificates.secureServerOptions(),
      SNICallback: (name, done) => void certificates.contextFor(name).then((context) => done(null, context), done),
    });
    server.on('request', (request, response) => response.end(`hello ${request.headers.host}`));
    // On both families: Chromium may try either for *.localhost.
    server.listen(0, '::');
    await once(server, 'listening');
    chromium = await startBrowser(authority.rootFile);
  });
  afterAll(async () => {
    await chromium?.close();
    server?.closeAllConnections();
    server?.close();
    await removeDir(dir);
  });

  it.each(['shop.localhost', 'a.b.shop.localhost', 'under_score.localhost', 'localhost', '127.0.0.1', '[::1]'])(
    'opens https://%s without a warning',
    async (host) => {
      const page = await chromium.browser.newPage();
      const url = `https://${host}:${(server.address() as AddressInfo).port}/`;
      const response = await page.goto(url);
      expect(await response?.text()).toMatch(/^hello /);
      await page.close();
    },
  );
});
