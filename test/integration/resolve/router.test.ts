/** hostname -> address on machines that change while the router looks: who wins, and that nobody else does. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RouteAsk, RouteOutcome } from '../../../src/core/route.ts';
import type { ProcessService, Snapshot } from '../../../src/core/service.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { LlmClient } from '../../../src/resolve/llm-client.ts';
import { Resolver } from '../../../src/resolve/resolver.ts';
import { HostRouter } from '../../../src/resolve/router.ts';
import { mappingFor } from '../../../src/routes/make-mapping.ts';
import { MappingStore } from '../../../src/routes/mapping-store.ts';
import { type LlmHandler, sendAnswer, startLlmServer } from '../../fixtures/llm-server.ts';
import { scenarios } from '../../fixtures/llm-servers/scenarios.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';

/** A program in a project of its own repository. */
function program(pid: number, root: string, script: string, port: number): ProcessService {
  const name = root.split('/').at(-1) ?? '';
  return {
    id: `p${pid}`,
    pid,
    ppid: 1,
    command: 'node',
    argv: ['node', ...script.split(' ')],
    args: `node ${script}`,
    cwd: root,
    listen: [{ address: '127.0.0.1', port, inode: String(port), fd: 20 }],
    project: { root, name, workspace: null },
    git: { root, branch: 'main', worktree: false },
  };
}

interface Machine {
  router: HostRouter;
  store: MappingStore;
  /** What runs now. */
  run(...processes: ProcessService[]): void;
  /** Let time pass for the router. */
  pass(ms: number): void;
  /** How often the machine was looked at. */
  looks(): number;
  /** Take a folder from the disk. */
  removeFolder(folder: string): void;
  /** The next looks take until this is called. */
  hold(): () => void;
}

async function machine(llm?: LlmHandler): Promise<Machine> {
  let snapshot: Snapshot = { processes: [], containers: [] };
  let gate: Promise<void> = Promise.resolve();
  let looks = 0;
  let passedMs = 0;
  const gone = new Set<string>();
  const store = await MappingStore.open(`${await tempDir()}/mappings.json`, createLogger({ level: 'silent' }));
  const server = llm && (await startLlmServer(llm));
  if (server) onTestFinished(() => server.close());
  const client = server ? new LlmClient({ url: server.url, model: 'm' }) : null;
  const router = new HostRouter({
    discovery: {
      current: undefined,
      holds: () => true,
      isShared: async () => snapshot.processes.some(({ listen }) => listen.some(({ inode }) => inode === 'another')),
      refresh: async () => {
        looks++;
        await gate;
        return snapshot;
      },
    },
    store,
    resolver: new Resolver({ llm: client, mode: 'auto', domains: ['localhost'] }),
    log: createLogger({ level: 'silent' }),
    now: () => Date.now() + passedMs,
    // These projects are on no disk.
    folders: { isGone: async (folder) => gone.has(folder) },
  });
  onTestFinished(() => store.flush());
  return {
    router,
    store,
    removeFolder: (folder) => void gone.add(folder),
    run: (...processes) => {
      snapshot = { processes, containers: [] };
    },
    pass: (ms) => {
      passedMs += ms;
    },
    looks: () => looks,
    hold: () => {
      let open = (): void => {};
      gate = new Promise((resolve) => {
        open = resolve;
      });
      return open;
    },
  };
}

const ask = (hostname: string, more: Partial<RouteAsk> = {}): RouteAsk => ({ hostname, navigation: true, ...more });
const portOf = (outcome: RouteOutcome): number | string =>
  outcome.kind === 'upstream' ? outcome.upstream.port : outcome.kind;
const byUser = (service: ProcessService, port: number) =>
  mappingFor(service, port, { source: 'user', reason: 'by hand', confidence: 1 });

const SHOP = program(1, '/w/shop', 'server.js', 4001);
const BLOG = program(2, '/w/blog', 'server.js', 4002);

describe('a mapping that the user sets while a decision is made', () => {
  it('wins over the LLM’s answer, and stays', async () => {
    const { router, store, run } = await machine(scenarios.slow(300));
    run(SHOP, BLOG);
    const pending = router.route(ask('guess-shop-please.localhost'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await store.set('guess-shop-please.localhost', byUser(BLOG, 4002));
    expect(portOf(await pending)).toBe(4002);
    expect(store.get('guess-shop-please.localhost')?.source).toBe('user');
    expect(router.peek(ask('guess-shop-please.localhost'))?.port).toBe(4002);
  });

  it('wins over an older mapping that was being looked for', async () => {
    const { router, store, run, hold } = await machine();
    run(SHOP, BLOG);
    await store.set('x.localhost', byUser(SHOP, 4001));
    const release = hold();
    const pending = router.route(ask('x.localhost'));
    await store.set('x.localhost', byUser(BLOG, 4002));
    release();
    expect(portOf(await pending)).toBe(4002);
    expect(router.peek(ask('x.localhost'))?.port).toBe(4002);
  });
});

describe('a page and its icon, asked for at once', () => {
  it('share one decision, which is kept once', async () => {
    const { router, run } = await machine(scenarios.slow(200));
    run(SHOP, BLOG);
    let told = 0;
    router.decisions.onAdd(() => told++);
    const hostname = 'guess-shop-please.localhost';
    const outcomes = await Promise.all([
      router.route(ask(hostname)),
      router.route(ask(hostname, { navigation: false })),
    ]);
    expect(new Set(outcomes.map(portOf)).size).toBe(1);
    expect({ told, kept: router.decisions.list().length }).toEqual({ told: 1, kept: 1 });
  });
});

describe('a server that starts after another one got its name', () => {
  it('is shown by the second navigation', async () => {
    const { router, run, pass } = await machine();
    const api = program(1, '/w/pair', 'api.mjs', 4001);
    run(api);
    expect(portOf(await router.route(ask('pair.localhost')))).toBe(4001);
    run(api, program(2, '/w/pair', 'web.mjs', 4002));
    pass(3_000);
    expect(router.peek(ask('pair.localhost'))).toBeUndefined();
    expect(portOf(await router.route(ask('pair.localhost')))).toBe(4002);
  });
});

describe('a port that another program shares by now', () => {
  it('is left with the next look, though the right one still listens', async () => {
    const { router, run, pass } = await machine();
    run(SHOP);
    expect(portOf(await router.route(ask('shop.localhost')))).toBe(4001);
    const sharing = program(9, '/w/blog', 'server.js', 4001);
    run(SHOP, { ...sharing, listen: sharing.listen.map((listen) => ({ ...listen, inode: 'another' })) });
    // Long after the minute in which a navigation waits for the look.
    pass(600_000);
    expect(router.peek(ask('shop.localhost'))?.port).toBe(4001);
    await expect.poll(() => router.peek(ask('shop.localhost'))).toBeUndefined();
    expect(portOf(await router.route(ask('shop.localhost')))).toBe('unknown');
  });
});

describe('a port that another program begins to share', () => {
  const sharing = program(9, '/w/blog', 'server.js', 4001);
  const other = { ...sharing, listen: sharing.listen.map((listen) => ({ ...listen, inode: 'another' })) };

  it.each(['name', 'user'])(
    'is left after the next connection, with no navigation, by a mapping of %s',
    async (source) => {
      const { router, store, run } = await machine();
      const fetched = ask('shop.localhost', { navigation: false });
      run(SHOP);
      if (source === 'user') await store.set('shop.localhost', byUser(SHOP, 4001));
      const outcome = await router.route(fetched);
      if (outcome.kind !== 'upstream') throw new Error(outcome.kind);
      run(SHOP, other);
      expect(router.verify(outcome.upstream)).toBe(true);
      await expect.poll(() => router.peek(fetched)).toBeUndefined();
      expect(portOf(await router.route(fetched))).toBe('unknown');
    },
  );

  it('is kept by a service whose own workers share it, without a look for each connection', async () => {
    const { router, store, run, looks, pass } = await machine();
    const fetched = ask('shop.localhost', { navigation: false });
    const worker = {
      ...SHOP,
      id: 'p3',
      pid: 3,
      listen: SHOP.listen.map((listen) => ({ ...listen, inode: 'another' })),
    };
    run(SHOP, worker);
    await store.set('shop.localhost', byUser(SHOP, 4001));
    const outcome = await router.route(fetched);
    if (outcome.kind !== 'upstream') throw new Error(outcome.kind);
    router.verify(outcome.upstream);
    await expect.poll(() => router.peek(fetched)).toBeUndefined();
    expect(portOf(await router.route(fetched))).toBe(4001);
    const before = looks();
    pass(1_000);
    router.verify(outcome.upstream);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(router.peek(fetched)?.port).toBe(4001);
    expect(looks()).toBe(before);
  });
});

describe('an app that is away', () => {
  it('is not stood in for by another program of its project, even as the only one', async () => {
    const { router, store, run } = await machine();
    const web = program(1, '/w/pair', 'web.mjs', 4001);
    const api = program(2, '/w/pair', 'api.mjs', 4002);
    run(web);
    expect(portOf(await router.route(ask('pair.localhost')))).toBe(4001);
    const upstream = router.peek(ask('pair.localhost'));
    if (!upstream) throw new Error('no address');
    run(api);
    expect(portOf(await router.reroute(ask('pair.localhost'), upstream))).toBe('away');
    expect(store.get('pair.localhost')?.port).toBe(4001);
    run(api, program(3, '/w/pair', 'web.mjs', 4009));
    expect(portOf(await router.route(ask('pair.localhost')))).toBe(4009);
  });

  it('does not keep the name from the site that it stood in for', async () => {
    const { router, store, run } = await machine();
    const api = program(1, '/w/pair', 'api.mjs', 4001);
    const host = ask('pair.localhost');
    run(api);
    expect(portOf(await router.route(host))).toBe(4001);
    const upstream = router.peek(host);
    if (!upstream) throw new Error('no address');
    // Neither a worker of the project nor anybody on the port of the API.
    run(program(2, '/w/pair', 'jobs.mjs', 4001));
    expect(portOf(await router.reroute(host, upstream))).toBe('away');
    run(program(3, '/w/pair', 'web.mjs', 4002));
    expect(portOf(await router.route(host))).toBe(4002);
    expect(store.get('pair.localhost')).toMatchObject({ port: 4002, source: 'name' });
    await store.set('pair.localhost', byUser(api, 4001));
    expect(portOf(await router.route(host))).toBe('away');
  });

  it('is followed as the same program in another job', async () => {
    const { router, run } = await machine();
    run(program(1, '/w/site', '/w/site/node_modules/.bin/vite', 4001));
    expect(portOf(await router.route(ask('site.localhost')))).toBe(4001);
    const upstream = router.peek(ask('site.localhost'));
    if (!upstream) throw new Error('no address');
    run(program(2, '/w/site', '/w/site/node_modules/.bin/vite preview', 4002));
    expect(portOf(await router.reroute(ask('site.localhost'), upstream))).toBe(4002);
  });
});

describe('a port that two programs share', () => {
  it('is nobody’s: not of a twin address, not of a specific one beside our wildcard', async () => {
    const { router, run } = await machine();
    const on = (service: ProcessService, address: string, inode: string): ProcessService => ({
      ...service,
      listen: [{ address, port: 4001, inode, fd: 20 }],
    });
    for (const address of ['0.0.0.0', '127.0.0.1']) {
      run(on(SHOP, '0.0.0.0', '1'), on(BLOG, address, '2'));
      expect(portOf(await router.route(ask(`shop.localhost`)))).toBe('unknown');
    }
    run(on(SHOP, '0.0.0.0', '1'), on(BLOG, '::1', '2'));
    expect(portOf(await router.route(ask('shop.localhost')))).toBe(4001);
  });
});

describe('a sibling', () => {
  const workspace = { workspace: '/w/shop', workspaceName: 'shop' };
  const part = (pid: number, name: string, script: string, port: number): ProcessService => {
    const base = program(pid, `/w/shop/${name}`, script, port);
    return {
      ...base,
      project: { root: `/w/shop/${name}`, name, ...workspace },
      git: { root: '/w/shop', branch: 'main', worktree: false },
    };
  };
  const web = part(1, 'web', 'server.js', 4001);
  const api = part(2, 'api', 'server.js', 4002);
  const stranger = program(3, '/w/api', 'server.js', 4003);
  /** The whole checkout, somewhere else. */
  const moved = (service: ProcessService, pid: number): ProcessService => {
    const root = (service.cwd ?? '').replace('/w/', '/v/');
    return {
      ...service,
      id: `p${pid}`,
      pid,
      cwd: root,
      project: { root, name: root.split('/').at(-1) ?? '', workspace: '/v/shop', workspaceName: 'shop' },
      git: { root: '/v/shop', branch: 'main', worktree: false },
    };
  };
  const sibling = ask('web.shop.localhost', { service: 'api', navigation: false });

  it('that is away is not stood in for by a stranger of that name', async () => {
    const { router, run } = await machine();
    run(web, api);
    expect(portOf(await router.route(sibling))).toBe(4002);
    const upstream = router.peek(sibling);
    if (!upstream) throw new Error('no address');
    run(web, stranger);
    expect(portOf(await router.reroute(sibling, upstream))).toBe('away');
    // What our own programs were told is no mapping for a page.
    expect(portOf(await router.reroute({ ...sibling, siblingsOnly: true }, upstream))).toBe('unknown');
  });

  it('whose folder is gone is found with its project, and not stood in for by a stranger either', async () => {
    const { router, run, removeFolder } = await machine();
    run(web, api);
    expect(portOf(await router.route(ask('web.shop.localhost')))).toBe(4001);
    expect(portOf(await router.route(sibling))).toBe(4002);
    for (const folder of ['/w/shop', '/w/shop/web', '/w/shop/api']) removeFolder(folder);
    run(moved(web, 5), stranger);
    const page = ask('web.shop.localhost');
    const [before, siblingBefore] = [router.peek(page), router.peek(sibling)];
    if (!before || !siblingBefore) throw new Error('no address');
    expect(portOf(await router.reroute(page, before))).toBe(4001);
    expect(portOf(await router.reroute(sibling, siblingBefore))).toBe('unknown');
    run(moved(web, 5), moved(api, 6), stranger);
    expect(portOf(await router.route(sibling))).toBe(4002);
  });

  it('that is not there is looked for twice, and then given up at once for ten seconds', async () => {
    const { router, run, pass, looks } = await machine();
    run(web, stranger);
    const fetch = { ...sibling, siblingsOnly: true };
    const looksOfOne = async () => {
      const before = looks();
      expect(portOf(await router.route(fetch))).toBe('unknown');
      return looks() - before;
    };
    expect([await looksOfOne(), await looksOfOne()]).toEqual([2, 1]);
    pass(10_000);
    expect(await looksOfOne()).toBe(2);
  });

  it('that starts later moves what another word stood for, while the project is young, and never what the user set', async () => {
    const { router, store, run, pass } = await machine();
    const backend = part(4, 'backend', 'server.js', 4004);
    const fetch = { ...sibling, siblingsOnly: true };
    run(web, backend);
    expect(portOf(await router.route(fetch))).toBe(4004);
    run(web, backend, api);
    pass(3_000);
    // It goes on with the one it knows; the look is beside it.
    expect(router.peek(fetch)?.port).toBe(4004);
    await expect.poll(async () => portOf(await router.route(fetch))).toBe(4002);
    await store.set('web.shop.localhost:api', byUser(backend, 4004));
    pass(3_000);
    expect(portOf(await router.route(fetch))).toBe(4004);
    expect(router.peek(fetch)?.port).toBe(4004);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(portOf(await router.route(fetch))).toBe(4004);
  });

  it('is found for a page though its origin was never opened before', async () => {
    const { router, run } = await machine();
    run(web, api, stranger);
    expect(portOf(await router.route({ ...sibling, siblingsOnly: true }))).toBe(4002);
  });

  it('of any project is reached by our own programs; a page is told nothing, and changes nothing', async () => {
    const { router, run } = await machine();
    run(web, BLOG);
    const blog = ask('web.shop.localhost', { service: 'blog', navigation: false });
    expect(portOf(await router.route(blog))).toBe(4002);
    expect(portOf(await router.route({ ...blog, siblingsOnly: true }))).toBe('unknown');
    expect(portOf(await router.route(blog))).toBe(4002);
  });
});

describe('?force', () => {
  it('of a name that nobody has asks the LLM once in ten seconds', async () => {
    let asked = 0;
    const { router, run, pass } = await machine(({ body }, response) => {
      asked++;
      sendAnswer(response, body, { candidate: 'none', port: null, confidence: 0.9, reason: 'nothing fits' });
      return false;
    });
    run(SHOP, BLOG);
    const forced = ask('zzz.localhost', { force: true });
    const outcomes = [await router.route(forced), await router.route(forced)];
    expect([asked, ...outcomes.map(portOf)]).toEqual([1, 'unknown', 'unknown']);
    expect(outcomes[1]).toMatchObject({ why: expect.stringContaining('less than 10 s ago') });
    pass(10_000);
    await router.route(forced);
    expect(asked).toBe(2);
  });

  it('decides again what the program decided, and never what the user set', async () => {
    const { router, store, run } = await machine();
    run(SHOP, BLOG);
    await store.set('shop.localhost', { ...byUser(BLOG, 4002), source: 'llm' });
    expect(portOf(await router.route(ask('shop.localhost')))).toBe(4002);
    expect(portOf(await router.route(ask('shop.localhost', { force: true })))).toBe(4001);
    await store.set('shop.localhost', byUser(BLOG, 4002));
    expect(portOf(await router.route(ask('shop.localhost', { force: true })))).toBe(4002);
  });
});

describe('what a mapping says of Host and cookies', () => {
  const api = (): ProcessService => program(2, '/home/kim/shop', 'api.js', 4002);
  const presentationOf = async (host: string | undefined, more: object, service?: string) => {
    const { router, store, run } = await machine();
    run(api());
    const mapping = { ...byUser(api(), 4002), ...(host === undefined ? {} : { host }), ...more };
    const key = service === undefined ? 'x.localhost' : `x.localhost:${service}`;
    await store.set(key, mapping);
    const outcome = await router.route(ask('x.localhost', service === undefined ? {} : { service }));
    return outcome.kind === 'upstream' ? outcome.upstream.presentation : outcome.kind;
  };

  it.each([
    [undefined, {}, undefined, undefined],
    ['preserve', {}, undefined, undefined],
    ['target', {}, undefined, { host: 'localhost:4002' }],
    ['shop.example:80', {}, undefined, { host: 'shop.example:80' }],
    ['target', { forwardedHost: 'rewritten' }, undefined, { host: 'localhost:4002', hidesHost: true }],
    [undefined, { cookies: true }, undefined, undefined],
    [undefined, {}, 'api', { ownName: 'shop.localhost' }],
    ['preserve', { cookies: true }, 'api', { sharesCookies: true }],
    ['target', {}, 'api', { host: 'localhost:4002' }],
  ])('host %s and %j for the service %s gives %j', async (host, more, service, expected) => {
    expect(await presentationOf(host, more, service)).toEqual(expected);
  });
});
