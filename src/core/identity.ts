/**
 * WHO a mapping means: facts that stay the same when a service is restarted on another port, with another pid.
 * Nothing here holds a secret: of the command line only the safe words are kept (command-words.ts), the rest is a digest.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { argvOf, commandWords } from './command-words.ts';
import { oncePerObject } from './once-per-object.ts';
import { isContainer, isOneOff, type ProcessService, type Service } from './service.ts';

/** Identity of a process or of a container. */
export const identitySchema = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('process'),
    workdir: z.string(),
    /** Project root (nearest manifest), where there is one. */
    root: z.string().exactOptional(),
    /** Checkout: tells worktrees of one project apart. */
    gitRoot: z.string().exactOptional(),
    /** Program, script and sub-command: `node vite`, `node server.js`. */
    shape: z.string(),
    /** Digest of the remaining arguments without ports and moods: tells `vite -c a` from `vite -c b`. */
    argsDigest: z.string(),
  }),
  z.looseObject({
    kind: z.literal('container'),
    /** Compose project and service, where the container has them: they survive a re-creation under another name. */
    project: z.string().exactOptional(),
    service: z.string().exactOptional(),
    name: z.string(),
  }),
]);
/** See {@link identitySchema}. */
export type Identity = z.infer<typeof identitySchema>;

/**
 * Identity of a live service, read once: with many hostnames each is compared with all services.
 * @returns null for a process of which too little is known (another user's: no command line, no directory)
 */
export const identityOf = oncePerObject(readIdentity);

function readIdentity(service: Service): Identity | null {
  if (isContainer(service)) {
    return {
      kind: 'container',
      ...(service.compose ? { project: service.compose.project, service: service.compose.service } : {}),
      name: service.name,
    };
  }
  if (service.cwd === null || service.command === '') return null;
  const { shape, argsDigest } = commandShape(service);
  return {
    kind: 'process',
    workdir: service.cwd,
    ...(service.project ? { root: service.project.root } : {}),
    ...(service.git ? { gitRoot: service.git.root } : {}),
    shape,
    argsDigest,
  };
}

/** How surely a live service is the one that an identity names: 0 not at all, higher is surer. */
export function identityMatch(identity: Identity, service: Service): number {
  if (isContainer(service)) {
    if (identity.kind !== 'container') return 0;
    if (identity.project === undefined) return identity.name === service.name ? 1 : 0;
    if (isOneOff(service) && identity.name !== service.name) return 0;
    if (service.compose?.project !== identity.project || service.compose.service !== identity.service) return 0;
    return identity.name === service.name ? 2 : 1;
  }
  if (identity.kind !== 'process') return 0;
  const live = identityOf(service);
  if (live?.kind !== 'process') return 0;
  if (live.shape !== identity.shape) return 0;
  if (!isSamePlace(live, identity)) return 0;
  return 1 + (live.workdir === identity.workdir ? 2 : 0) + (live.argsDigest === identity.argsDigest ? 1 : 0);
}

type ProcessIdentity = Extract<Identity, { kind: 'process' }>;

/**
 * The directory may differ inside one project (`npm run dev` from a sub-directory); without a project it is all we know.
 * Where it is the same, a repository or a first manifest may have come since.
 */
function isSamePlace(live: ProcessIdentity, known: ProcessIdentity): boolean {
  if (live.workdir !== known.workdir) {
    return known.root !== undefined && live.root === known.root && live.gitRoot === known.gitRoot;
  }
  return mayBeSame(live.root, known.root) && mayBeSame(live.gitRoot, known.gitRoot);
}

function mayBeSame(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined || one === other;
}

/** Is a live service the same program in the same place, though it was started another way (`vite preview`)? */
export function sameProgram(identity: Identity, service: Service): boolean {
  const live = identityOf(service);
  if (identity.kind !== 'process' || live?.kind !== 'process') return false;
  if (live.workdir !== identity.workdir || !isSamePlace(live, identity)) return false;
  const program = (shape: string): string => shape.split(' ', 2).join(' ');
  return program(live.shape) === program(identity.shape);
}

/** Flags whose value is where it listens, not what it is. */
const PLACE_FLAG = /^--?(?:p|port|host|hostname|listen|bind|inspect(?:-brk|-port)?|hmr-port)$/i;
/** The value of an argument that is only a place: a port, an address, `host:port`. */
const PLACE_VALUE = /^(?::?\d{1,5}|(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?|localhost(?::\d+)?|\[?::1?\]?(?::\d+)?)$/;
/** Flags without a value that change how a program behaves for a moment, not which one it is. */
const MOOD_FLAG =
  /^--?(?:force|open|debug|verbose|silent|quiet|watch|turbo|turbopack|strictPort|clearScreen|cors|https|colou?r|no-[\w-]+)$/i;
/** Program, script and sub-command of a process, and a digest of the rest without places. Pure. */
export function commandShape(service: ProcessService): { shape: string; argsDigest: string } {
  const { program, script, subCommand } = commandWords(service);
  const shape = [program, script, subCommand].filter((word) => word !== undefined && word !== '').join(' ');
  const rest = withoutPlaces(argvOf(service).slice(1));
  return { shape, argsDigest: createHash('sha256').update(rest.join('\0')).digest('hex').slice(0, 8) };
}

function withoutPlaces(args: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    const [flag] = arg.split('=', 1);
    if (flag && PLACE_FLAG.test(flag)) {
      const next = args[i + 1];
      if (!arg.includes('=') && next !== undefined && !next.startsWith('-')) i++;
      continue;
    }
    if (!PLACE_VALUE.test(arg) && !MOOD_FLAG.test(arg)) kept.push(arg);
  }
  return kept;
}
