/**
 * One TCP port on several addresses, usually both loopback families: browsers try `::1` first, and a name that answers
 * on one family only makes them stall or meet another program's server.
 */
import net from 'node:net';
import { AppError, systemCode } from '../core/errors.ts';
import { routerOfProgram } from './known-routers.ts';
import { GUARDED, loopbackOnly, WILDCARDS } from './loopback-guard.ts';
import { lowPortAdvice } from './low-ports.ts';
import { holderText, type PortHolder, whoHolds as whoHoldsInProc } from './port-holder.ts';

/** What to listen on. */
export interface ListenOptions {
  /** 0: any free port, the same on every address. */
  port: number;
  /** IP addresses without brackets; GUARDED among them: all addresses, for peers on loopback alone. */
  hosts: readonly string[];
  /** The user asked for this very port: that one or an error. */
  explicit: boolean;
  /** The flag that sets this port, for hints: `--http-port`. */
  flag: string;
  /** To try where `port` cannot be had and was not asked for explicitly. */
  fallbackPort?: number;
  onConnection: (socket: net.Socket) => void;
  /** Descriptors of sockets that listen already, from a service manager: these and no others are used. */
  inherited?: readonly number[];
  /** For tests: how one address is opened, and who holds a port. */
  listen?: ListenOne;
  whoHolds?: (port: number) => Promise<PortHolder | undefined>;
}

/** Open one address. Rejects with the system's error. */
export type ListenOne = (server: net.Server, port: number, host: string, ipv6Only: boolean) => Promise<void>;

/** Ports that are open. */
export interface BoundPort {
  port: number;
  /** The addresses that it is open on: without those of a family that the machine lacks. */
  hosts: string[];
  /** Why it is not the port that was asked for, when `fallbackPort` was taken. */
  instead?: AppError;
  /** Take no new connections; resolves when the port is free. Connections already open stay. */
  close(): Promise<void>;
}

/** Free on one family is nearly always free on the other. */
const MAX_FREE_PORT_TRIES = 20;
/** Dead peers (a laptop that slept) are noticed after about this long. */
const KEEP_ALIVE_DELAY_MS = 60_000;
/** A page of a bundler-less dev server opens hundreds of connections at once. */
const BACKLOG = 1024;

/**
 * Listen on every host with one and the same port. An address of a family that the machine lacks is left out as long
 * as another works; any other failure closes all of them.
 * @throws {AppError} PORT_IN_USE with the program that holds it · PORT_FORBIDDEN · CONFIG_BAD_VALUE for an address
 *   that is not this machine's
 */
export async function listenBoth(asked: ListenOptions): Promise<BoundPort> {
  const options = asked.hosts.includes(GUARDED)
    ? { ...asked, hosts: WILDCARDS, onConnection: loopbackOnly(asked.onConnection) }
    : asked;
  const { port, fallbackPort, explicit, inherited = [] } = options;
  if (inherited.length > 0) return adopt(inherited, options.onConnection);
  try {
    return port === 0 ? await openFreePort(options) : await openPort(options, port);
  } catch (error) {
    const explained = await explain(error, port, options, fallbackPort);
    if (explicit || fallbackPort === undefined || !isPortTrouble(explained)) throw explained;
    try {
      return { ...(await openPort(options, fallbackPort)), instead: explained };
    } catch (second) {
      throw await explain(second, fallbackPort, options);
    }
  }
}

/** Take over sockets that were opened for us. Closing gives up our hold on them; the service manager keeps its own. */
async function adopt(descriptors: readonly number[], onConnection: ListenOptions['onConnection']): Promise<BoundPort> {
  const open: { server: net.Server; host: string }[] = [];
  let port = 0;
  try {
    for (const fd of descriptors) {
      const server = createServer(onConnection);
      await listening(server, { fd, exclusive: true });
      const address = server.address();
      open.push({ server, host: address !== null && typeof address === 'object' ? address.address : '' });
      if (address !== null && typeof address === 'object') port ||= address.port;
    }
  } catch (error) {
    await Promise.all(open.map(({ server }) => closeServer(server)));
    throw new AppError('PORT_FORBIDDEN', 'A socket that the service manager handed over cannot be used', {
      hint: 'Install the service again: hostwise service install',
      cause: error,
    });
  }
  return boundPort(port, open);
}

/** Let the system choose on the first address, then take the same number on the others. */
async function openFreePort(options: ListenOptions): Promise<BoundPort> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openPort(options, 0);
    } catch (error) {
      if (systemCode(error) !== 'EADDRINUSE' || attempt === MAX_FREE_PORT_TRIES) throw error;
    }
  }
}

async function openPort(options: ListenOptions, wanted: number): Promise<BoundPort> {
  const open: { server: net.Server; host: string }[] = [];
  let port = wanted;
  let lacking: unknown;
  try {
    for (const host of new Set(options.hosts)) {
      const server = createServer(options.onConnection);
      try {
        await (options.listen ?? listenOne)(server, port, host, isIpv6Only(host, options.hosts));
      } catch (error) {
        if (!isLackingFamily(error, host)) throw error;
        lacking = error;
        continue;
      }
      open.push({ server, host });
      const address = server.address();
      if (port === 0 && address !== null && typeof address === 'object') port = address.port;
    }
    if (open.length === 0) throw lacking ?? new Error('There is no address to listen on');
  } catch (error) {
    await Promise.all(open.map(({ server }) => closeServer(server)));
    throw error;
  }
  return boundPort(port, open);
}

function boundPort(port: number, open: readonly { server: net.Server; host: string }[]): BoundPort {
  return {
    port,
    hosts: open.map(({ host }) => host),
    close: async () => void (await Promise.all(open.map(({ server }) => closeServer(server)))),
  };
}

function createServer(onConnection: (socket: net.Socket) => void): net.Server {
  return net.createServer(
    { pauseOnConnect: false, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS },
    onConnection,
  );
}

function listenOne(server: net.Server, port: number, host: string, ipv6Only: boolean): Promise<void> {
  return listening(server, { port, host, ipv6Only, backlog: BACKLOG, exclusive: true });
}

function listening(server: net.Server, options: net.ListenOptions & { fd?: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      // From here on errors are of single accepts (no free descriptor): the next one may succeed.
      server.on('error', () => {});
      resolve();
    });
  });
}

/** `::` alone takes both families, as whoever asks for it expects; beside an IPv4 address it must not. */
function isIpv6Only(host: string, hosts: readonly string[]): boolean {
  return net.isIPv6(host) && (host !== '::' || hosts.some((other) => net.isIPv4(other)));
}

function closeServer(server: net.Server): Promise<void> {
  return new Promise((resolve) => {
    // `close` would also wait for open connections, which belong to the listener above; the port is free at once.
    if (server.listening) server.close();
    setImmediate(resolve);
  });
}

/** Loopback or a wildcard that cannot be had means that the family is off; another address is simply not ours. */
function isLackingFamily(error: unknown, host: string): boolean {
  const code = systemCode(error);
  if (code === 'EAFNOSUPPORT') return true;
  return code === 'EADDRNOTAVAIL' && ['127.0.0.1', '::1', '0.0.0.0', '::'].includes(host);
}

function isPortTrouble(error: unknown): error is AppError {
  return error instanceof AppError && (error.code === 'PORT_IN_USE' || error.code === 'PORT_FORBIDDEN');
}

/** The system's error in words, with what helps; what is none of the known ones stays as it is. */
async function explain(error: unknown, port: number, options: ListenOptions, fallbackPort?: number): Promise<unknown> {
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return inUse(error, port, options.flag, await (options.whoHolds ?? whoHoldsInProc)(port).catch(() => undefined));
    case 'EACCES':
    case 'EPERM':
      return new AppError('PORT_FORBIDDEN', `This user may not listen on port ${port}`, {
        hint: forbiddenHint(port, options.flag, fallbackPort),
        data: { port },
        cause: error,
      });
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
    case 'ENOTFOUND':
      return new AppError('CONFIG_BAD_VALUE', `Not an address of this machine: "${options.hosts.join(', ')}"`, {
        hint: 'Use --bind with an address that this machine has; by default 127.0.0.1 and ::1',
        cause: error,
      });
    default:
      return error;
  }
}

function inUse(error: unknown, port: number, flag: string, holder: PortHolder | undefined): AppError {
  const look = `See who has it with: lsof -nP -iTCP:${port} -sTCP:LISTEN`;
  const router = holder && routerOfProgram(holder.command);
  const [stop] = router?.commands ?? [];
  return new AppError('PORT_IN_USE', `Port ${port} is in use${holder ? ` by ${holderText(holder)}` : ''}`, {
    hint: `${stopText(holder !== undefined, stop) ?? look}, or use another port: ${otherPort(port, flag)}`,
    data: { port, ...(holder ? { holder } : {}), ...(router ? { router: router.id, together: router.together } : {}) },
    cause: error,
  });
}

function stopText(isKnown: boolean, command: string | undefined): string | undefined {
  if (command !== undefined) return `Stop it (${command})`;
  return isKnown ? 'Stop it' : undefined;
}

/** The flag with a port that is probably free. */
function otherPort(port: number, flag: string, proposed?: number): string {
  const usual = flag === '--http-port' ? [8080, 8081] : [8443, 9443];
  return `${flag} ${proposed ?? usual.find((one) => one !== port)}`;
}

function forbiddenHint(port: number, flag: string, fallbackPort: number | undefined): string {
  const other = otherPort(port, flag, fallbackPort);
  const { platform } = process;
  const { commands } = lowPortAdvice({ platform, lowest: Math.min(port, 80), runCommand: 'hostwise run' });
  return `Allow it with: ${commands[0]}, or use a higher port: ${other}`;
}
