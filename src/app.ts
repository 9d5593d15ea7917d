/**
 * Composition root: builds every part, plugs the real ones into the proxy's interfaces, starts and stops in order.
 */
import { randomBytes } from 'node:crypto';
import type http from 'node:http';
import { LRUCache } from 'lru-cache';
import { controlPlaneOnDemand } from './api/control-plane-on-demand.ts';
import { keptDashboardAssets } from './api/dashboard-assets.ts';
import { bindPorts } from './bind-ports.ts';
import type { Settings } from './config/settings.ts';
import { settingsInForce } from './config/settings-view.ts';
import type { HostChecker } from './core/host-check.ts';
import { CONTROL_LABEL, originUrl } from './core/hostname.ts';
import type { Snapshot } from './core/service.ts';
import { Discovery, type ScanSource } from './discovery/snapshot.ts';
import { createPages } from './pages/pages.ts';
import { takeInheritedSockets } from './platform/inherited-sockets.ts';
import { invokingUser } from './platform/invoking-user.ts';
import type { Logger } from './platform/log.ts';
import type { LogRing } from './platform/log-ring.ts';
import { openFileLimit } from './platform/open-files.ts';
import { controlSocketPath, prepareDataDir } from './platform/paths.ts';
import { peerUid } from './platform/peer-uid.ts';
import { Absences } from './proxy/absences.ts';
import { Holds } from './proxy/hold.ts';
import { Listener } from './proxy/listener.ts';
import { limitsFor } from './proxy/listener-limits.ts';
import { Upstreams } from './proxy/upstreams.ts';
import { replay } from './replay.ts';
import { LlmBudget } from './resolve/budget.ts';
import { chooseLlm, type LlmChoice } from './resolve/choose-llm.ts';
import { shownHosts } from './resolve/hostnames.ts';
import { prepareNames } from './resolve/name-index.ts';
import { Resolver } from './resolve/resolver.ts';
import { HostRouter } from './resolve/router.ts';
import { WaitWatch } from './resolve/wait-watch.ts';
import { mappingFor, mappingFromInput } from './routes/make-mapping.ts';
import { MappingStore } from './routes/mapping-store.ts';
import { apiToken } from './service/api-token.ts';
import { acquireControlSocket } from './service/control-socket.ts';
import type { Lifecycle } from './service/lifecycle.ts';
import { llmReport, llmText, type StartReport, servicesOf } from './start-report.ts';
import { loadOrCreateAuthority } from './tls/authority.ts';
import { authorityWarnings } from './tls/authority-warnings.ts';
import { refreshBundles } from './tls/client-bundles.ts';
import { CertificateContexts } from './tls/contexts.ts';
import { OwnCertificate } from './tls/own-certificate.ts';
import { rootOf } from './tls/trust/trust-report.ts';
import { TrustWatch } from './tls/trust/trust-watch.ts';
import { Traffic } from './traffic/traffic.ts';

/** Views that are asked for often are content with a look that old. */
const RECENT_MS = 1_000;

/** A running proxy. */
export interface App {
  report: StartReport;
  /** Graceful: requests under way get 10 s, then every port is free. */
  close(): Promise<void>;
}

/** What {@link startApp} needs from outside. */
export interface AppEnvironment {
  log: Logger;
  /** The last lines of `log`. */
  logRing: LogRing;
  env: NodeJS.ProcessEnv;
  home: string;
  version: string;
  /** How the user would call `trust`. */
  trustCommand: string;
  /** Answers on the control socket before everybody else. */
  lifecycle: Lifecycle;
  /** Scans, where that has been started before; ended with the app. */
  scans?: ScanSource | undefined;
  /** Starts what runs beside it, once the data folder is ours and before the first look. @returns what ends it */
  startBeside?: () => Promise<() => Promise<void>>;
}

/**
 * Start everything. The order matters: what can fail for a reason that the user can mend comes first, and what was
 * opened is closed again when a later step fails.
 * @throws {AppError} DATA_DIR_UNUSABLE · ALREADY_RUNNING · TLS_CA_UNREADABLE · PORT_IN_USE · PORT_FORBIDDEN
 */
export async function startApp(settings: Settings, environment: AppEnvironment): Promise<App> {
  const closers: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.reverse().splice(0)) {
      // One that fails (a full disk) must not leave the others open.
      await Promise.resolve(closer()).catch((error: unknown) =>
        environment.log.error({ err: error }, 'A part did not stop well'),
      );
    }
  };
  try {
    return await build(settings, environment, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

type Closers = (() => Promise<void> | void)[];

async function build(
  settings: Settings,
  environment: AppEnvironment,
  closers: Closers,
  close: () => Promise<void>,
): Promise<App> {
  const { log, env, version, lifecycle, trustCommand } = environment;
  const startedAt = new Date().toISOString();
  // The first look at the machine goes on beside all that follows; a request that comes sooner waits for it.
  const discovery = startDiscovery(settings, environment, closers);
  await prepareDataDir(settings.dataDir);
  // Before what is on the disk, so that of two starters only one touches mappings and CA; it answers when everything is there.
  let answerTrusted: http.RequestListener = notReady;
  const socket = await acquireControlSocket(controlSocketPath(settings.dataDir, env), (request, response) => {
    if (!lifecycle.handle(request, response)) answerTrusted(request, response);
  });
  closers.push(() => socket.close());
  const endBeside = await environment.startBeside?.();
  if (endBeside) closers.push(endBeside);

  const { store, router, resolver, llm } = await buildRouting(settings, environment, discovery, closers);
  const { domains, nameConstraints } = settings;
  const authority = await loadOrCreateAuthority(settings.dataDir, { domains, nameConstraints, replaceUncovered: true });
  void refreshBundles(rootOf(authority), settings.dataDir);
  // Asked while the first certificate is made: stores answer from the disk, or by programs of their own.
  const watching = TrustWatch.start(authority, environment.home, { trustCommand });
  const own = await ownCertificate(settings, log);
  const contexts = await CertificateContexts.create(authority, {
    domains,
    isRouted: (name) => store.get(name) !== undefined,
    ...(own ? { own } : {}),
  });
  const trust = await watching;
  const certificateWarnings = (): string[] =>
    authorityWarnings({
      authority,
      nameConstraints,
      ownUncovered: own?.uncoveredDomains ?? [],
      trusted: trust.report.trusted,
      replaced: trust.replaced,
      trustCommand,
    });
  const ports = { https: 0, http: 0 };
  const redirects = (): boolean => settings.http === 'redirect' || (settings.http === 'auto' && trust.report.trusted);

  const traffic = new Traffic();
  const upstreams = new Upstreams((upstream) => router.verify(upstream));
  closers.push(() => upstreams.close());
  const control = controlPlaneOnDemand({
    store,
    onMappings: (listener) => store.onChange(listener),
    snapshot: () => named(discovery.refresh()),
    recentSnapshot: () => named(discovery.refresh({ maxAgeMs: RECENT_MS })),
    lastSnapshot: () => discovery.current,
    onSnapshot: (listener) => discovery.onSnapshot(listener),
    traffic,
    replay: (record) => replay(record, { httpsPort: ports.https, caPem: authority.rootPem }),
    decisions: router.decisions,
    decideAgain: async (ask, prompt) => {
      await router.route({ ...ask, navigation: true, force: true, ...(prompt === undefined ? {} : { prompt }) });
    },
    containerLog: (id, lines) => discovery.containerLog(id, lines),
    stoppedContainerLog: (name, lines) => discovery.stoppedContainerLog(name, lines),
    waits: new WaitWatch({
      route: (ask) => router.route(ask),
      answers: (upstream) => upstreams.takesConnections(upstream),
      underWay: (hostname) => resolver.underWay(hostname),
      onBug: (error) => log.error({ err: error }, 'A hostname could not be watched any more'),
    }),
    logs: environment.logRing,
    settings: () => settingsInForce(settings),
    dashboardAssets: keptDashboardAssets(),
    hostnames: (snapshot) => shownHosts(snapshot, domains),
    resolve: async (question) => router.decide(question, await discovery.refresh()),
    mappingFromInput: (input, snapshot) => mappingFromInput(input, snapshot, new Date()),
    mappingForChoice: (service, port) =>
      mappingFor(service, port, { source: 'user', reason: 'You chose it', confidence: 1, now: new Date() }),
    onStatus: () => trust.look(),
    lookAtTrust: () => trust.lookNow(),
    info: () => ({
      version,
      pid: process.pid,
      startedAt,
      dataDir: settings.dataDir,
      cacheFile: settings.cacheFile,
      domains: settings.domains,
      ports: { https: ports.https || null, http: ports.http || null },
      model: llm.client?.model ?? settings.model,
      llm: { reason: llmText(llm), ...resolver.llmState(llm), spend: resolver.llmSpend },
      warnings: [...store.warnings, ...(discovery.current?.warnings ?? []), ...certificateWarnings()],
      docker: discovery.docker,
      routes: store.size,
      lastError: environment.logRing.lastError,
      trust: {
        trusted: trust.report.trusted,
        command: trustCommand,
        commands: trust.report.stores.flatMap((one) => one.commands),
        stores: trust.report.stores.map(({ id, title, trusted }) => ({ id, title, trusted })),
      },
    }),
    apiToken: await apiToken(settings.dataDir),
    pageToken: randomBytes(24).toString('base64url'),
    peerUid,
    ownUid: process.getuid?.() ?? -1,
    desktopUid: invokingUser(env)?.uid,
    log,
  });
  const listener = new Listener(
    {
      router,
      control,
      traffic,
      upstreams,
      holds: new Holds(),
      absences: new Absences(),
      pages: createPages({
        domains: settings.domains,
        isModelCold: () => llm.client?.isCold() === true,
        underWay: (hostname) => resolver.underWay(hostname),
        failingSince: (hostname) => {
          const since = traffic.failingSince(hostname);
          return since === undefined ? undefined : new Date(since).toISOString();
        },
        dashboardOrigin: (domain) =>
          redirects()
            ? originUrl('https', `${CONTROL_LABEL}.${domain}`, ports.https)
            : originUrl('http', `${CONTROL_LABEL}.${domain}`, ports.http),
      }),
      rules: () => ({
        domains: settings.domains,
        redirectToHttps: settings.http === 'redirect' ? 'everything' : redirects() ? 'navigations' : 'nothing',
        httpsPort: ports.https,
        seedPaths: settings.seedPaths,
      }),
      onPlainNavigation: () => trust.look(),
      onHostRefused: refusalLog(log),
      onBug: (error) => log.error({ err: error }, 'A request could not be answered because of a mistake in hostwise'),
    },
    contexts,
    contexts.secureServerOptions(),
    limitsFor(openFileLimit()),
  );
  closers.push(contexts.keepDefaultFresh((options) => listener.setDefaultCertificate(options)));
  const bound = await bindPorts(settings, takeInheritedSockets(env, process.pid), listener, closers);
  ports.https = bound.https.port;
  ports.http = bound.http.port;
  answerTrusted = control.handleTrusted;
  closers.push(() => listener.close());
  // New connections stop before the old ones get their grace.
  closers.push(() => Promise.all([bound.https.close(), bound.http.close()]).then(() => {}));

  // Both share one look at the machine.
  const [snapshot, chosen] = await Promise.all([named(discovery.refresh()), llm.current()]);
  void router.warmUp(snapshot);
  lifecycle.running();
  return {
    close,
    report: {
      version,
      httpsPort: ports.https,
      httpPort: ports.http,
      hosts: bound.https.hosts,
      portNotes: bound.portNotes,
      ...(bound.deniedPort === undefined ? {} : { deniedPort: bound.deniedPort }),
      ...servicesOf(snapshot, domains),
      llm: llmReport(chosen),
      trust: trust.report,
      httpMode: redirects() ? 'redirect' : 'serve',
      dataDir: settings.dataDir,
      warnings: [...store.warnings, ...(snapshot.warnings ?? []), ...certificateWarnings()],
      domains: settings.domains,
    },
  };
}

/** The same snapshot, its hostnames found: pages that list them do not hold up requests. */
async function named(looked: Promise<Snapshot>): Promise<Snapshot> {
  const snapshot = await looked;
  await prepareNames(snapshot);
  return snapshot;
}

function startDiscovery(settings: Settings, { log, env, home, scans }: AppEnvironment, closers: Closers): Discovery {
  const docker = { dockerHost: settings.dockerHost, env, home };
  const discovery = new Discovery({ log, docker, composeProject: settings.composeProject }, scans);
  closers.push(() => discovery.close());
  void discovery.refresh();
  return discovery;
}

/** What decides where a hostname leads. */
async function buildRouting(
  settings: Settings,
  { log }: AppEnvironment,
  discovery: Discovery,
  closers: Closers,
): Promise<{
  store: MappingStore;
  router: HostRouter;
  resolver: Resolver;
  llm: LlmChoice;
}> {
  const store = await MappingStore.open(settings.cacheFile, log);
  closers.push(() => store.flush());
  const llm = chooseLlm(settings, { snapshot: () => discovery.refresh() });
  closers.push(() => llm.close());
  const resolver = new Resolver({
    llm: llm.client,
    findLlm: () => llm.current(),
    mode: settings.resolve,
    budget: new LlmBudget(),
    domains: settings.domains,
  });
  return { store, resolver, llm, router: new HostRouter({ discovery, store, resolver, log }) };
}

/** One line a mapping: a page's assets are refused by the dozen. */
function refusalLog(log: Logger): (key: string, by: HostChecker) => void {
  const told = new LRUCache<string, true>({ max: 1_000 });
  return (key, by) => {
    if (told.has(`${key} ${by}`)) return;
    told.set(`${key} ${by}`, true);
    log.warn({ host: key, by }, 'The app refuses this hostname: allow it there, or set the route with --host target');
  };
}

function notReady(_request: http.IncomingMessage, response: http.ServerResponse): void {
  response.writeHead(503, { 'retry-after': '1', 'content-type': 'text/plain' }).end('hostwise is starting\n');
}

/** The user's own certificate, where there is one. @throws {AppError} TLS_CERT_UNUSABLE */
async function ownCertificate(settings: Settings, log: Logger): Promise<OwnCertificate | undefined> {
  if (!settings.ownCertificate) return undefined;
  return OwnCertificate.load(settings.ownCertificate, {
    domains: settings.domains,
    onProblem: ({ message }) => log.warn(`${message}; the certificate before goes on`),
  });
}
