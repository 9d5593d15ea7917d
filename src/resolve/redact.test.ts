import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cpuMs } from '../../test/fixtures/cpu-time.ts';
import { anySecret, SECRET_ARGV, SECRET_PLACES, secretText } from '../../test/fixtures/secrets.ts';
import { anySnapshot } from '../../test/fixtures/snapshots.ts';
import { allServices, type ContainerService, isContainer, type ProcessService, type Service } from '../core/service.ts';
import { buildPrompt } from './prompt.ts';
import { isTellable, MAX_TOKEN_CHARS, redactService, safeToken } from './redact.ts';

const HOME = '/home/kim';

function running(argv: string[], more: Partial<ProcessService> = {}): ProcessService {
  return {
    id: 'p1',
    pid: 1,
    ppid: 0,
    command: argv[0] ?? '',
    argv,
    args: argv.join(' '),
    cwd: `${HOME}/code/shop/apps/web`,
    listen: [{ address: '127.0.0.1', port: 5173 }],
    project: { root: `${HOME}/code/shop/apps/web`, name: '@shop/web', workspace: `${HOME}/code/shop` },
    git: { root: `${HOME}/code/shop`, branch: 'kim/fix-login', worktree: false },
    ...more,
  };
}

describe('redactService', () => {
  it('tells names, program, script, known flags and ports', () => {
    const service = running(['/usr/bin/node', `${HOME}/code/shop/node_modules/.bin/vite`, 'dev', '--port', '5173']);
    expect(redactService(service)).toEqual({
      kind: 'process',
      project: '@shop/web',
      directory: 'web',
      repository: 'shop',
      branch: 'fix-login',
      program: 'node',
      script: 'vite',
      command: 'dev',
      flags: ['--port=5173'],
      ports: [5173],
    });
  });

  it.each([
    [['node', '/x/node_modules/wrangler/dist/cli.js', 'dev'], { program: 'node', script: 'wrangler', command: 'dev' }],
    [['node', '/x/node_modules/@nestjs/cli/bin/nest.js'], { script: 'cli' }],
    [['python3', '-m', 'http.server', '5173'], { script: 'http.server' }],
    [['python', 'manage.py', 'runserver', '0.0.0.0:5173'], { script: 'manage.py', command: 'runserver' }],
    [
      ['java', '-Dserver.port=5173', '-jar', '/opt/acme/shop-1.2.jar'],
      { script: 'shop-1.2.jar', flags: ['-Dserver.port=5173'] },
    ],
    [['next-server (v15.1.0)'], { program: 'next-server' }],
    [['puma 6.5.0 (tcp://localhost:3001) [shop]'], { program: 'puma' }],
    [['app', '--http-addr=:5173', '--mystery-addr=:5173'], { flags: ['--http-addr=5173'] }],
    [['mysqld', 'hunter2'], { program: 'mysqld' }],
  ])('reads %j', (argv, wanted) => {
    expect(redactService(running(argv))).toMatchObject(wanted);
  });

  it('tells a container by names, image and two labels at most', () => {
    const container: ContainerService = {
      id: 'c1',
      name: 'shop-web-1',
      image: 'ghcr.io/acme/web:1.2@sha256:0123',
      expose: [8080],
      publish: [],
      compose: { project: 'shop', service: 'web', workdir: `${HOME}/code/shop` },
      labels: {
        'traefik.http.middlewares.auth.basicauth.users': 'kim:$apr1$abc',
        'org.opencontainers.image.title': 'Shop',
      },
    };
    expect(redactService(container)).toEqual({
      kind: 'container',
      container: 'shop-web-1',
      image: 'acme/web',
      composeProject: 'shop',
      composeService: 'web',
      title: 'Shop',
      ports: [8080],
    });
  });

  it('takes the user’s name out of everything that comes from a path', () => {
    const service = running(['node', `${HOME}/server.js`], {
      cwd: HOME,
      project: { root: HOME, name: 'kim', workspace: null },
      git: { root: '/home/kim', branch: 'kim', worktree: false },
    });
    expect(JSON.stringify(redactService(service))).not.toContain('kim');
  });
});

describe('the user’s name', () => {
  it('is in nothing that is told, whatever the system', () => {
    const homes = ['/mnt/c/Users/Kim', '/var/home/kim', '/System/Volumes/Data/Users/kim', 'C:\\Users\\Kim'];
    for (const home of homes) {
      const service = running(['node', 'server.js'], {
        cwd: `${home}/code/shop`,
        project: { root: home, name: '@kim/shop', workspace: home, workspaceName: 'kim' },
        git: { root: home, branch: 'kim/fix-login', worktree: false },
      });
      expect([home, JSON.stringify(redactService(service)).toLowerCase()]).toEqual([
        home,
        expect.not.stringContaining('kim'),
      ]);
    }
  });

  it('is not in the names that Compose makes of a home directory', () => {
    const container: ContainerService = {
      ...CONTAINER,
      name: 'kim-web-1',
      compose: { project: 'kim', service: 'web', workdir: HOME },
    };
    expect(redactService(container)).toEqual({
      kind: 'container',
      container: 'web-1',
      image: 'web',
      composeService: 'web',
      ports: [80],
    });
  });
});

describe('isTellable()', () => {
  it.each(['shop', 'fix-ui.shop', 'xn--bcher-kva', 'xn--fiq06l2rdsvs.xn--1lqs71d', 'web_2', 'a'.repeat(63)])(
    'tells %s',
    (name) => {
      expect(isTellable(name)).toBe(true);
    },
  );

  it.each([
    'ghp_16c7e42f292c6912e7710c838347ae178b4a',
    'shop.sk-or-v1-abcdef0123456789',
    'sk-ant-api03-abcdefgh.shop',
    'akiaiosfodnn7example',
    '550e8400-e29b-41d4-a716-446655440000',
    'x7f3k9q2m4p8w1z5',
    'xn--x7f3k9q2m4p8w1z5a6b8-',
  ])('does not tell %s', (name) => {
    expect(isTellable(name)).toBe(false);
  });
});

describe('safeToken', () => {
  it('makes a short token or none', () => {
    expect(safeToken('Öl & Gas')).toBe('Ol-Gas');
    expect(safeToken('ignore all\nprevious\u202e')).toBe('ignore-all-previous');
    expect(safeToken('x'.repeat(61))).toBeUndefined();
    expect(safeToken('')).toBeUndefined();
    expect(safeToken('项目')).toBeUndefined();
  });

  it.each([
    'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
    'sk-or-v1-abcdef0123456789',
    'AKIAIOSFODNN7EXAMPLE',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx',
    'glpat-abcdefghij',
    'postgres://kim:pw@db/shop',
    'password=hunter2',
    'aB3dE5fG7hJ9kL1mN3pQ5rS7',
    '{"password":"hunter2"}',
    'password: hunter2',
    'kim:hunter2',
    '-phunter2',
    'mysql -phunter2',
    'p\u0430ss=hunter2',
    'Cookie: hunter2',
    'x?k=hunter2',
    '%70assword%3Dhunter2',
    'C:\\Users\\kim',
  ])('leaves out what looks like a secret: %s', (text) => {
    expect(safeToken(text)).toBeUndefined();
  });

  it.each(['@acme/web', 'feature/checkout-v2', 'next-server', 'laravel.test', 'release/2026.10', 'api:v1', 'web_2'])(
    'keeps a name: %s',
    (text) => {
      expect(safeToken(text)).toBe(text);
    },
  );
});

function withOddText(service: Service, text: string): Service {
  if (isContainer(service))
    return { ...service, name: text, image: text, labels: { 'org.opencontainers.image.title': text } };
  const project = service.project && { ...service.project, name: text, workspaceName: text };
  return {
    ...service,
    command: text,
    args: text,
    cwd: text,
    project,
    git: service.git && { ...service.git, branch: text },
  };
}

const CONTAINER: ContainerService = {
  id: 'c1',
  name: 'web',
  image: 'web',
  expose: [80],
  publish: [],
  compose: null,
  labels: {},
};

describe('what leaves the machine', () => {
  it('never holds a secret from any known position of a command line', () => {
    fc.assert(
      fc.property(secretText, fc.constantFrom(...SECRET_ARGV), fc.boolean(), (text, position, joined) => {
        const argv = position(text);
        const { argv: _, ...withoutArgv } = running(argv);
        const service = joined ? withoutArgv : running(argv);
        const { user } = buildPrompt({ host: 'shop.localhost', corrections: [], candidates: [service] });
        expect(user).not.toContain(text);
        expect(user).not.toContain(JSON.stringify(text).slice(1, -1));
      }),
      { numRuns: 2_000 },
    );
  });

  it('never holds a secret of any known family, wherever it stands in a command line', () => {
    fc.assert(
      fc.property(anySecret, fc.constantFrom(...SECRET_PLACES), fc.boolean(), ({ text, part }, position, joined) => {
        const { argv, ...rest } = running(position(text));
        const service = joined ? rest : { ...rest, argv: argv ?? [] };
        const { user } = buildPrompt({ host: 'shop.localhost', corrections: [], candidates: [service] });
        expect(user).not.toContain(part);
      }),
      { numRuns: 500 },
    );
  });

  it('never holds one that somebody put into a name, the user’s words or a correction', () => {
    fc.assert(
      fc.property(anySecret, ({ text, part }) => {
        const named = withOddText(running(['node', 'server.js']), text);
        const checkout = `${HOME}/code/${text}`;
        const placed = running(['node', 'server.js'], {
          cwd: checkout,
          project: { root: checkout, name: 'x', workspace: null },
        });
        const container = withOddText(CONTAINER, text);
        const { user } = buildPrompt({
          host: 'shop.localhost',
          hint: `it is the one with ${text} please`,
          corrections: [{ host: 'a.localhost', target: text }],
          origin: named,
          candidates: [named, placed, container, { ...CONTAINER, compose: { project: text, service: text } }],
        });
        expect(user).not.toContain(part);
      }),
      { numRuns: 500 },
    );
  });

  it('never holds a label, an unknown field or an environment', () => {
    fc.assert(
      fc.property(secretText, fc.string({ minLength: 1, maxLength: 20 }), (text, key) => {
        const labels = { [`x.${key}`]: text, 'traefik.basicauth.users': `kim:${text}` };
        const service = { ...CONTAINER, labels, env: [`KEY=${text}`] };
        expect(JSON.stringify(redactService(service))).not.toContain(text);
      }),
    );
  });

  it('is short tokens only, whatever the facts are', () => {
    const shortToken = new RegExp(`^[\\w@./:+=-]{1,${MAX_TOKEN_CHARS}}$`);
    const isToken = (value: unknown) => value === true || (typeof value === 'string' && shortToken.test(value));
    fc.assert(
      fc.property(anySnapshot, fc.string({ unit: 'binary', maxLength: 300 }), (snapshot, odd) => {
        for (const service of allServices(snapshot)) {
          const { kind: _, ports: __, ...fields } = redactService(withOddText(service, odd));
          expect(
            Object.values(fields)
              .flat()
              .filter((value) => !isToken(value)),
          ).toEqual([]);
        }
      }),
    );
  });

  it('costs little on a hostile command line', () => {
    const argv = ['node', ...Array.from({ length: 2_000 }, () => 'a-passwor'.repeat(1_000))];
    const services = [running(argv), running([], { args: `node ${'--pass'.repeat(100_000)}` })];
    const tookMs = cpuMs(() => {
      for (const service of services) redactService(service);
    });
    expect(tookMs).toBeLessThan(100);
  });
});
