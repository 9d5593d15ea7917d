import { describe, expect, it } from 'vitest';
import type { ProcessService } from '../core/service.ts';
import { listenNoise, noiseReason } from './noise.ts';

const CONTEXT = { ownPids: new Set([77]), listsContainers: false };

function service(args: string, more: Partial<ProcessService> = {}): ProcessService {
  const argv = args.split(' ');
  const command = (argv[0] ?? '').split('/').at(-1) ?? '';
  const base = { id: 'p1', pid: 1234, ppid: 1, cwd: '/home/kim/shop', listen: [{ address: '::', port: 3000 }] };
  return { ...base, command, argv, args, project: null, git: null, ...more };
}

const SHOP = { root: '/home/kim/shop', name: 'shop', workspace: null };

describe('noiseReason', () => {
  it.each([
    ['/usr/share/code/code --type=utility --inspect-port=0', 'editor (VS Code)'],
    ['/home/kim/.vscode-server/bin/abc/node /home/kim/.vscode-server/bin/abc/out/server-main.js', 'editor'],
    ['/opt/idea/jbr/bin/java -Didea.paths.selector=IntelliJIdea2025.1 com.intellij.idea.Main', 'editor (JetBrains)'],
    ['/home/kim/go/bin/gopls serve -listen=127.0.0.1:37412', 'language server'],
    ['node /usr/lib/node_modules/typescript-language-server/lib/typescript-language-server.js', 'language server'],
    ['/opt/google/chrome/chrome --remote-debugging-port=9222', 'browser (Chromium)'],
    ['/usr/lib/firefox-esr/firefox-esr', 'browser'],
    ['/usr/sbin/cupsd -l', 'system daemon'],
    ['/usr/lib/systemd/systemd-resolved', 'system daemon'],
    ['/usr/sbin/dnsmasq -x', 'system daemon'],
    ['/usr/bin/dockerd -H fd://', 'system daemon'],
    ['/System/Library/CoreServices/ControlCenter.app/Contents/MacOS/ControlCenter', 'AirPlay receiver (macOS)'],
    ['/usr/libexec/rapportd', 'system daemon (macOS)'],
    ['/snap/spotify/79/usr/share/spotify/spotify', 'desktop application'],
  ])('marks %s', (args, reason) => {
    expect(noiseReason(service(args, { cwd: '/' }), CONTEXT)).toBe(reason);
  });

  it.each([
    '/usr/lib/postgresql/16/bin/postgres -D /var/lib/postgresql/16/main',
    '/usr/bin/redis-server 127.0.0.1:6379',
    '/usr/sbin/mysqld',
    '/usr/local/bin/ollama serve',
    '/usr/lib/code-server/lib/node /usr/lib/code-server --bind-addr 0.0.0.0:8443',
    '/usr/share/code/code serve-web --port 8000',
    'node /home/kim/code/server.js',
    'node /home/kim/language-server-site/server.js',
    '/usr/lib/jvm/bin/java -javaagent:/opt/idea/lib/idea_rt.jar=38171 -cp target/classes shop.Main',
    '/tmp/go-build123/b001/exe/studio',
    '/usr/sbin/nginx -g daemon off;',
    '/usr/bin/docker-proxy -proto tcp -host-port 8080',
  ])('keeps %s', (args) => {
    expect(noiseReason(service(args), CONTEXT)).toBeUndefined();
  });

  it.each(['/app', '/srv', '/root', '/', '/opt/shop'])('keeps a server in %s', (cwd) => {
    expect(noiseReason(service('node server.js', { cwd }), CONTEXT)).toBeUndefined();
    expect(
      noiseReason(service('node server.js', { cwd, listen: [{ address: '::', port: 80 }] }), CONTEXT),
    ).toBeUndefined();
  });

  it('knows ourselves by pid', () => {
    expect(noiseReason(service('node main.ts', { pid: 77 }), CONTEXT)).toBe('hostwise itself');
  });

  it('keeps a program that is built in the project it runs in, whatever it is called', () => {
    const built = service('./bin/dnsmasq', { project: SHOP });
    expect(noiseReason(built, CONTEXT, '/home/kim/shop/bin/dnsmasq')).toBeUndefined();
    expect(noiseReason(built, CONTEXT, '/usr/sbin/dnsmasq')).toBe('system daemon');
  });

  it('does not believe what a script calls itself', () => {
    const renamed = service('master', { command: 'master' });
    expect(noiseReason(renamed, CONTEXT, '/usr/bin/node')).toBeUndefined();
  });

  it('marks port forwarders only when their containers are listed', () => {
    const proxy = service('/usr/bin/docker-proxy -proto tcp -host-port 8080');
    expect(noiseReason(proxy, { ...CONTEXT, listsContainers: true })).toBe('forwards ports of containers');
  });

  it.each([
    ['/Applications/Visual Studio Code.app/Contents/MacOS/Electron', '', 'editor (VS Code)'],
    ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '--type=gpu-process', 'browser (Chromium)'],
    ['/Applications/WebStorm.app/Contents/MacOS/webstorm', '', 'editor (JetBrains)'],
    ['/Applications/Microsoft Teams.app/Contents/MacOS/MSTeams', '', 'desktop application'],
    ['/System/Library/PrivateFrameworks/Sharing.framework/sharingd', '', 'system daemon (macOS)'],
    ['/System/Library/CoreServices/ControlCenter.app/Contents/MacOS/ControlCenter', '', 'AirPlay receiver (macOS)'],
    ['/System/Library/Frameworks/Ruby.framework/Versions/2.6/usr/bin/ruby', 'bin/rails s', undefined],
    [
      '/Applications/Xcode.app/Contents/Developer/Python3.framework/Python.app/Contents/MacOS/Python',
      'x.py',
      undefined,
    ],
    ['/Applications/Postgres.app/Contents/Versions/16/bin/postgres', '-D /x', undefined],
    ['/opt/homebrew/Cellar/node/26.0.0/bin/node', '/Users/kim/Discord.app/server.js', undefined],
  ])('tells %s %s, where only blanks divide the arguments', (exe, rest, reason) => {
    const { argv: _, ...mac } = service(`${exe} ${rest}`.trim(), { cwd: '/', command: exe.split('/').at(-1) ?? '' });
    expect(noiseReason(mac, CONTEXT, exe)).toBe(reason);
    expect(noiseReason(mac, CONTEXT)).toBe(rest.includes('Discord') ? 'desktop application' : reason);
  });

  it('tells a socket of the system, whose process may not be seen, by its port', () => {
    const unseen = (port: number, uid: number) =>
      service('', { pid: 0, command: '', cwd: null, uid, listen: [{ address: '127.0.0.1', port }] });
    expect(noiseReason(unseen(22, 0), CONTEXT)).toBe('system daemon (ssh, by its port)');
    expect(noiseReason(unseen(22, 1001), CONTEXT)).toBeUndefined();
    expect(noiseReason(unseen(80, 0), CONTEXT)).toBeUndefined();
  });
});

describe('noiseReason() on an interpreter', () => {
  it('that is installed in a temporary checkout looks at the script all the same', () => {
    const server = service('node /x/typescript-language-server/typescript-language-server.js');
    expect(noiseReason(server, CONTEXT, '/tmp/clone/node_modules/node/bin/node')).toBe('language server');
  });
});

describe('noiseReason() on hostwise itself', () => {
  it('marks our own processes and every other hostwise, however it was started', () => {
    const context = { ...CONTEXT, ownScript: '/home/kim/hostwise/src/main.ts' };
    expect(noiseReason(service('node src/main.ts run', { pid: 77 }), context)).toBe('hostwise itself');
    const cwd = '/home/kim/hostwise';
    expect(noiseReason(service('node src/main.ts run', { cwd }), context)).toBe('hostwise itself');
    expect(noiseReason(service('node /usr/bin/hostwise run'), context)).toBe('hostwise itself');
    expect(noiseReason(service('node src/main.ts run'), context)).toBeUndefined();
    const { argv: _, ...mac } = service('node /Users/kim b/hostwise/src/main.ts run');
    const blanks = { ...context, ownScript: '/Users/kim b/hostwise/src/main.ts' };
    expect(noiseReason(mac, blanks)).toBe('hostwise itself');
    const { argv: _argv, ...installed } = service('node /usr/local/bin/hostwise run');
    expect(noiseReason(installed, context)).toBe('hostwise itself');
  });
});

describe('listenNoise', () => {
  it.each<[string, number, boolean]>([
    ['node --inspect server.js', 9229, true],
    ['node --inspect-brk=0.0.0.0:4444 server.js', 4444, true],
    ['node --inspect=4444 server.js', 3000, false],
    ['node --inspect=[::1]:4444 server.js', 4444, true],
    ['node node_modules/.bin/wrangler dev', 9231, true],
    ['node server.js --port 9235', 9235, false],
    ['go run . -listen :9235', 9235, false],
    ['node --inspect-port 9235 server.js', 9235, true],
    ['/opt/chrome --remote-debugging-port=9222', 9222, true],
    ['java -agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:5006 -jar a.jar', 5006, true],
    ['java -agentlib:jdwp=transport=dt_socket,server=y,address=*:5006,suspend=n -jar a.jar', 8080, false],
    ['python -m debugpy --listen 5678 app.py --port 8000', 5678, true],
    ['python -m debugpy --listen 0.0.0.0:5678 app.py', 5678, true],
    ['python app.py --listen 5678', 5678, false],
  ])('%s, port %i: %s', (args, port, isNoise) => {
    expect(listenNoise(service(args), { address: '127.0.0.1', port }) !== undefined).toBe(isNoise);
  });

  it.each([
    ['next-server (v15.1.0)', '/usr/bin/node', true],
    ['/usr/bin/nodejs server.js', undefined, true],
    ['workerd serve config', '/srv/node_modules/workerd/bin/workerd', true],
    ['bun run dev', '/home/kim/.bun/bin/bun', true],
    ['deno run server.ts', undefined, true],
    ['./shop', '/home/kim/shop/shop', false],
    ['./shop', undefined, false],
    ['node-exporter', '/usr/bin/node-exporter', false],
    ['node', '/home/kim/shop/bin/api', false],
    ['python3 app.py', '/usr/bin/python3.13', false],
  ])('takes 9230 of “%s” (%s) for an inspector: %s', (args, exe, isNoise) => {
    expect(listenNoise(service(args), { address: '127.0.0.1', port: 9230 }, exe) !== undefined).toBe(isNoise);
  });
});
