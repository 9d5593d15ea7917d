import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anySnapshot } from '../../test/fixtures/snapshots.ts';
import { allServices, type ContainerService, isContainer, type ProcessService, type Service } from '../core/service.ts';
import { buildPrompt } from './prompt.ts';
import { MAX_TOKEN_CHARS, redactService, safeToken } from './redact.ts';

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

/** A random secret: long enough not to be part of an ordinary word by chance. */
const secret = fc
  .oneof(
    fc.stringMatching(/^[A-Za-z0-9]{12,40}$/),
    fc.stringMatching(/^[a-z]{10,20}$/),
    fc.stringMatching(/^[A-Za-z0-9!#%&()*,;<=>?^{|}~]{12,60}$/),
    fc.stringMatching(/^[a-f0-9]{32}$/),
  )
  .filter((text) => !/\.(?:js|py|rb|php|jar|ts)$/.test(text));

/** Where secrets are known to stand in a command line. */
const POSITIONS: ((secret: string) => string[])[] = [
  (s) => ['node', 'server.js', `--password=${s}`],
  (s) => ['node', 'server.js', '--token', s],
  (s) => ['node', '--token', s, 'server.js'],
  (s) => ['node', `--env-file=${s}`, 'server.js'],
  (s) => ['node', '-e', s],
  (s) => ['node', '-r', s, 'server.js'],
  (s) => ['java', `-Dspring.datasource.password=${s}`, '-jar', 'shop.jar'],
  (s) => ['env', `DATABASE_PASSWORD=${s}`, 'node', 'server.js'],
  (s) => [`API_KEY=${s}`],
  (s) => ['mysql', `-p${s}`],
  (s) => ['curl', '-u', `admin:${s}`, '-H', `Authorization: Bearer ${s}`, '-b', `session=${s}`],
  (s) => ['sshpass', '-p', s, 'ssh', 'host'],
  (s) => ['docker', 'login', '-p', s],
  (s) => ['redis-cli', '-a', s],
  (s) => ['redis-server', '--requirepass', s],
  (s) => ['ldapsearch', '-w', s],
  (s) => ['sh', '-c', `TOKEN=${s} node server.js --key ${s}`],
  (s) => ['node', 'server.js', `postgres://shop:${s}@127.0.0.1:5173/shop`, `redis://:${s}@localhost`],
  (s) => ['node', 'server.js', `--webhook=https://hooks.example/?token=${s}&sig=${s}`],
  (s) => ['node', 'server.js', '--port', '5173', s],
  (s) => ['node', 'server.js', `--listen=:${s}`, `--host=${s}`, `--url=http://u:${s}@x:5173/`],
  (s) => ['app', s],
  (s) => ['app', 'serve', s],
  (s) => ['python', '-c', s],
  (s) => ['php', '-d', `secret=${s}`, 'index.php'],
];

/** Random text of an alphabet. */
function of(alphabet: string, minLength: number, maxLength = minLength): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength });
}

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const HEX = '0123456789abcdef';
const ALNUM = `${LOWER}${LOWER.toUpperCase()}0123456789`;
const word8 = of(LOWER, 8, 14);

/** Secrets by what they look like: [whole text as it stands somewhere, the part that must never leave]. */
const FAMILIES: Record<string, fc.Arbitrary<[string, string]>> = {
  'connection string': word8.map((pw) => [`Server=db;User Id=sa;Password=${pw};`, pw]),
  'storage connection string': of(ALNUM, 40).map((key) => [`AccountName=shop;AccountKey=${key}==`, key]),
  'database URL': word8.map((pw) => [`postgres://shop:${pw}@db:5432/shop`, pw]),
  'basic-auth URL': word8.map((pw) => [`https://kim:${pw}@git.example`, pw]),
  'redis URL': word8.map((pw) => [`redis://:${pw}@localhost`, pw]),
  JWT: fc.tuple(of(ALNUM, 20), of(ALNUM, 20)).map(([a, b]) => [`eyJ${a}.eyJ${b}.${a}`, a]),
  'AWS key': of('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16).map((key) => [`AKIA${key}`, key]),
  'GitHub token': of(ALNUM, 36).map((key) => [`ghp_${key}`, key]),
  'GitHub fine token': of(ALNUM, 30).map((key) => [`github_pat_${key}`, key]),
  'GitLab token': of(ALNUM, 20).map((key) => [`glpat-${key}`, key]),
  'Slack token': of(ALNUM, 12).map((key) => [`xoxb-${key}`, key]),
  'LLM key': of(ALNUM, 24).map((key) => [`sk-or-v1-${key}`, key]),
  hex: of(HEX, 20, 64).map((key) => [key, key]),
  UUID: fc.uuid().map((key) => [key, key]),
  'PEM head': word8.map((rest) => [`-----BEGIN RSA PRIVATE KEY-----${rest}`, rest]),
  'PEM line': of(ALNUM, 64).map((line) => [line, line]),
  'query token': word8.map((pw) => [`https://x.example/?a=1&token=${pw}`, pw]),
  'query key': word8.map((pw) => [`https://x.example/hook?key=${pw}`, pw]),
  assignment: word8.map((pw) => [`PGPASSWORD=${pw}`, pw]),
};

const familyCase = fc
  .constantFrom(...Object.keys(FAMILIES))
  .chain((name) => (FAMILIES[name] ?? fc.constant(['', ''])).map(([text, part]) => ({ name, text, part })));

/** Where a whole text of any family may stand in a command line. */
const ARGV: ((text: string) => string[])[] = [
  (t) => [t, 'psql'],
  (t) => ['env', t, 'node', 'server.js'],
  (t) => ['node', 'server.js', t],
  (t) => ['node', t],
  (t) => ['node', '-m', t],
  (t) => ['node', `/srv/${t}/server.js`, 'dev'],
  (t) => ['app', '--password', t],
  (t) => ['app', `--listen=${t}`, `--host=${t}`, `--port=${t}`],
  (t) => ['mysql', '-p', t],
  (t) => [`mysql -p ${t}`],
  (t) => ['sh', '-c', `${t} node server.js`],
  (t) => [`/opt/${t}/bin/app`],
];

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
      fc.property(secret, fc.integer({ min: 0, max: POSITIONS.length - 1 }), fc.boolean(), (text, position, joined) => {
        const argv = POSITIONS[position]?.(text) ?? [];
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
      fc.property(familyCase, fc.constantFrom(...ARGV), fc.boolean(), ({ text, part }, position, joined) => {
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
      fc.property(familyCase, ({ text, part }) => {
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
      fc.property(secret, fc.string({ minLength: 1, maxLength: 20 }), (text, key) => {
        const labels = { [`x.${key}`]: text, 'traefik.basicauth.users': `kim:${text}` };
        const service = { ...CONTAINER, labels, env: [`KEY=${text}`] };
        expect(JSON.stringify(redactService(service))).not.toContain(text);
      }),
    );
  });

  it('is short tokens only, whatever the facts are', () => {
    fc.assert(
      fc.property(anySnapshot, fc.string({ unit: 'binary', maxLength: 300 }), (snapshot, odd) => {
        for (const service of allServices(snapshot)) {
          const { kind: _, ports: __, ...fields } = redactService(withOddText(service, odd));
          for (const token of Object.values(fields).flat()) {
            if (token !== true) expect(token).toMatch(new RegExp(`^[\\w@./:+=-]{1,${MAX_TOKEN_CHARS}}$`));
          }
        }
      }),
    );
  });

  it('costs little on a hostile command line', () => {
    const argv = ['node', ...Array.from({ length: 2_000 }, () => 'a-passwor'.repeat(1_000))];
    const startedAt = performance.now();
    redactService(running(argv));
    redactService(running([], { args: `node ${'--pass'.repeat(100_000)}` }));
    expect(performance.now() - startedAt).toBeLessThan(100);
  });
});
