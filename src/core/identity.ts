/**
 * WHO a mapping means: facts that stay the same when a service is restarted on another port, with another pid.
 * Nothing here holds a secret: of the command line only program, script and sub-command are kept, the rest is a digest.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { z } from 'zod';
import { isContainer, type ProcessService, type Service } from './service.ts';

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
 * Identity of a live service.
 * @returns null for a process of which too little is known (another user's: no command line, no directory)
 */
export function identityOf(service: Service): Identity | null {
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
    if (service.compose?.project !== identity.project || service.compose.service !== identity.service) return 0;
    return identity.name === service.name ? 2 : 1;
  }
  if (identity.kind !== 'process') return 0;
  const live = identityOf(service);
  if (live?.kind !== 'process') return 0;
  if (live.gitRoot !== identity.gitRoot || live.root !== identity.root || live.shape !== identity.shape) return 0;
  // The directory may differ inside one project (`npm run dev` from a sub-directory); without a project it is all we know.
  if (live.workdir !== identity.workdir && identity.root === undefined) return 0;
  return 1 + (live.workdir === identity.workdir ? 2 : 0) + (live.argsDigest === identity.argsDigest ? 1 : 0);
}

/** Flags whose value is where it listens, not what it is. */
const PLACE_FLAG = /^--?(?:p|port|host|hostname|listen|bind|inspect(?:-brk|-port)?|hmr-port)$/i;
/** The value of an argument that is only a place: a port, an address, `host:port`. */
const PLACE_VALUE = /^(?::?\d{1,5}|(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?|localhost(?::\d+)?|\[?::1?\]?(?::\d+)?)$/;
/** Flags without a value that change how a program behaves for a moment, not which one it is. */
const MOOD_FLAG =
  /^--?(?:force|open|debug|verbose|silent|quiet|watch|turbo|turbopack|strictPort|clearScreen|cors|https|colou?r|no-[\w-]+)$/i;
/** Interpreters: their first non-flag argument is the script, and part of the shape. */
const INTERPRETER = /^(?:node|bun|deno|python[\d.]*|ruby|php|perl|java|tsx|ts-node|dotnet|uv|npx|sh|bash)$/i;
/** Longest part that may go into a shape. */
const MAX_PART_LENGTH = 80;

/** Program, script and sub-command of a process, and a digest of the rest without places. Pure. */
export function commandShape(service: ProcessService): { shape: string; argsDigest: string } {
  const argv = service.argv ?? service.args.split(' ');
  const program = programName(service, argv);
  const rest = withoutPlaces(argv.slice(1));
  const parts = [program];
  const words = rest.filter((arg) => !arg.startsWith('-'));
  const [script, subCommand] = words;
  if (script !== undefined) parts.push(shortScript(script, service.project?.root ?? service.cwd));
  // `node vite dev`, `python manage.py runserver`: the word after the script tells one job from another.
  if (subCommand !== undefined && INTERPRETER.test(program) && /^[a-z][\w:-]{0,30}$/i.test(subCommand)) {
    parts.push(subCommand);
  }
  const argsDigest = createHash('sha256').update(rest.join('\0')).digest('hex').slice(0, 8);
  return { shape: parts.join(' '), argsDigest };
}

function programName(service: ProcessService, argv: readonly string[]): string {
  const first = argv[0];
  // A process that renamed itself (`next-server (v15)`) has one long argv[0]: its name is all there is.
  const name = first && !first.includes(' ') ? path.basename(first) : service.command;
  return name.slice(0, MAX_PART_LENGTH);
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

function shortScript(script: string, root: string | null | undefined): string {
  if (script.includes('/node_modules/')) return path.basename(script);
  if (root && script.startsWith(`${root}/`)) return script.slice(root.length + 1, root.length + 1 + MAX_PART_LENGTH);
  // A bare word may be a secret value of a flag we do not know: only what looks like a path or a command is kept.
  return /^[\w@./+-]{1,80}$/.test(script) && !/^[\w-]{24,}$/.test(script) ? script.replace(/^\.\//, '') : '*';
}
