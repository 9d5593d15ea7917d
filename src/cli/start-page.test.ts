import { describe, expect, it } from 'vitest';
import type { StartReport, StartService } from '../start-report.ts';
import { renderStartPage, type StartPageOptions } from './start-page.ts';

const SHOP: StartService = {
  hostname: 'shop.localhost',
  label: 'shop (vite)',
  branch: 'main',
  address: '[::1]:5173',
  ports: [5173],
};

function reportWith(changes: Partial<StartReport> = {}): StartReport {
  return {
    version: '1.2.3',
    httpsPort: 8443,
    httpPort: 8080,
    hosts: ['127.0.0.1', '::1'],
    portNotes: [],
    services: [SHOP],
    otherServices: 0,
    llm: { url: 'https://openrouter.ai/api/v1/chat/completions', model: 'a/b' },
    trust: {
      trusted: false,
      stores: [
        {
          id: 'system',
          title: 'This system',
          kind: 'system',
          trusted: false,
          commands: ['sudo cp a b', 'sudo update-ca-certificates'],
        },
        { id: 'firefox', title: 'Firefox', kind: 'browser', trusted: true, commands: ['certutil -A'] },
      ],
    },
    httpMode: 'serve',
    dataDir: '/home/kim/.local/share/hostwise',
    warnings: [],
    domains: ['localhost'],
    ...changes,
  };
}

function render(changes: Partial<StartReport> = {}, options: Partial<StartPageOptions> = {}): string {
  return renderStartPage(reportWith(changes), { colour: false, width: 100, ...options });
}

describe('renderStartPage()', () => {
  it('shows plain http URLs while browsers would warn, and the one command that ends this', () => {
    const page = render();
    expect(page).toContain('http://shop.localhost:8080  shop (vite) · main · [::1]:5173');
    expect(page).toContain('http://proxy.localhost:8080/_debug');
    expect(page).not.toContain('https://shop');
    expect(page).toContain('  hostwise trust   # This system\n');
    expect(page).toContain('trusted by Firefox');
    // It says itself what it cannot do, and how root does that.
    expect(page).not.toContain('sudo cp a b');
  });

  it('shows https once the CA is trusted, and leaves the usual ports away', () => {
    const trust: StartReport['trust'] = {
      trusted: true,
      stores: [{ id: 'system', title: 'This system', kind: 'system', trusted: true, commands: ['sudo cp a b'] }],
    };
    const page = render({ trust, httpsPort: 443, httpPort: 80, httpMode: 'redirect' });
    expect(page).toContain('https://shop.localhost  shop');
    expect(page).toContain('https://proxy.localhost/_debug');
    expect(page).not.toContain('sudo');
  });

  it('shows https where plain http is only redirected, trusted or not', () => {
    expect(render({ httpMode: 'redirect' })).toContain('https://shop.localhost:8443');
  });

  it('says where it listens and why not on the usual ports', () => {
    const page = render({ portNotes: ['Port 443 cannot be had, so it is 8443'], domains: ['localhost', 'test'] });
    expect(page).toContain('https 8443, http 8080 on 127.0.0.1 and ::1, for *.localhost, *.test');
    expect(page).toContain('Port 443 cannot be had');
  });

  it('says how to get ports that this user may not have, by the way that this platform has', () => {
    const denied = { portNotes: ['This user may not listen on port 443, so it is 8443'], deniedPort: 80 };
    const linux = render(denied, { platform: 'linux' });
    expect(linux).toContain('sudo sysctl net.ipv4.ip_unprivileged_port_start=80');
    expect(render(denied, { platform: 'linux', serviceCommand: 'sudo hostwise service install' })).toContain(
      'sudo hostwise service install has the system open them',
    );
    expect(render(denied, { platform: 'darwin' })).toContain('macOS gives ports below 1024 on loopback to root only');
    expect(render({}, { platform: 'linux' })).not.toContain('sysctl');
  });

  it('says which LLM is asked, or why none and how to get one', () => {
    expect(render()).toContain('a/b at https://openrouter.ai/api/v1/chat/completions');
    const found = { url: 'http://127.0.0.1:11434/v1/chat/completions', model: 'qwen3:8b', found: 'Ollama' };
    expect(render({ llm: found })).toContain('qwen3:8b of Ollama, found at http://127.0.0.1:11434/v1');
    expect(render({ llm: { reason: 'set LLM_API_KEY or LLM_API_URL' } })).toContain(
      'LLM_API_URL=http://127.0.0.1:11434/v1',
    );
    expect(render({ llm: { reason: '--resolve names was set' } })).not.toContain('11434');
  });

  it('says so when nothing runs, and how to see it at work, as the program was called', () => {
    const page = render({ services: [] }, { commandLine: () => 'npm start -- --demo' });
    expect(page).toContain('Nothing runs here yet');
    expect(page).toContain('http://PROJECT.localhost:8080');
    expect(page).toContain('npm start -- --demo');
  });

  it('shows twelve of many services and stays under 30 lines', () => {
    const services = Array.from({ length: 40 }, (_, i) => ({ ...SHOP, hostname: `app-${i}.localhost` }));
    const page = render(
      { services, portNotes: ['a', 'b'], llm: { reason: 'LLM_API_KEY' }, warnings: ['w'] },
      { namesHint: 'names' },
    );
    expect(page).toContain('app-11.localhost');
    expect(page).not.toContain('app-12.localhost');
    expect(page).toContain('… 28 more: hostwise services');
    expect(page.split('\n').length).toBeLessThanOrEqual(32);
    expect(render().split('\n').length).toBeLessThan(20);
  });

  it('never cuts a URL, and cuts what stands behind it to the width', () => {
    const hostname = `${'a-long-name'.repeat(8)}.localhost`;
    const label = 'x'.repeat(300);
    const lines = render({ services: [{ ...SHOP, hostname, label }] }, { width: 60 }).split('\n');
    const line = lines.find((one) => one.includes('a-long-name')) ?? '';
    expect(line).toContain(`http://${hostname}:8080`);
    expect(line.endsWith('…')).toBe(true);
  });

  it('prints what comes from outside without its escape sequences', () => {
    const evil = '\u001b[2J\u001b]0;x\u0007\r\n\u202e';
    const page = render({
      services: [{ ...SHOP, label: evil, branch: evil }],
      warnings: [evil],
      llm: { reason: evil },
    });
    expect(page.replace(/\n/g, '')).not.toMatch(/[\u0000-\u001f\u202e]/);
  });

  it('has colours only where they are asked for', () => {
    expect(render({}, { colour: true })).toContain('\u001b[36mhttp://shop.localhost:8080\u001b[39m');
  });
});
