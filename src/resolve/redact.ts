/**
 * What of a service may leave the machine: short tokens from an allow-list of fields, nothing else. No environment,
 * no labels but two descriptive ones, no paths, no free text, no argument that is not recognised.
 * It fails closed: a token that is too long, has an odd character or looks like a secret is left out.
 */

import { domainToUnicode } from 'node:url';
import { argvOf, commandWords, imageName } from '../core/command-words.ts';
import { baseName, isHomeOrRoot, parentPath, userOfPath } from '../core/path-text.ts';
import { looksSecret } from '../core/secrets.ts';
import {
  type ContainerService,
  candidatePorts,
  isContainer,
  type ProcessService,
  type Service,
} from '../core/service.ts';

/** Longest token, in characters. */
export const MAX_TOKEN_CHARS = 60;
/** Most flags of one command line. */
const MAX_FLAGS = 6;

/** A service in safe words. Absent fields are unknown or were left out. */
export interface RedactedService {
  kind: 'process' | 'container';
  /** Package as the manifest names it. */
  project?: string;
  /** Directory of the project, its last segment. */
  directory?: string;
  /** Directory of the checkout or monorepo, its last segment. */
  repository?: string;
  /** Directory of a linked worktree, its last segment. */
  checkout?: string;
  workspace?: string;
  branch?: string;
  /** True in a linked git worktree. */
  worktree?: true;
  framework?: string;
  program?: string;
  script?: string;
  command?: string;
  /** Known flags: `--port=5173`, `--grpc-addr=9101`, `--inspect`. */
  flags?: string[];
  container?: string;
  image?: string;
  composeProject?: string;
  composeService?: string;
  title?: string;
  ports: number[];
}

/** What names are written with. Any other character (`=`, `;`, a quote, a brace, `?`, `%`) is the syntax of a value. */
const NAME_TEXT = /^[\p{L}\p{M}\p{N}\p{So}\s_@./:+,&'()!#~-]+$/u;
/** Those of names, in the syntax of a URL, a flag, a header field, or a user with a password (`kim:hunter2`). */
const NO_NAME = /:\/\/|^-|\s-|:(?!v?\d[\w.]*$)/;

/**
 * Make one token: 1 to 60 characters of `[\w@./:+-]`, blanks and other letters and marks of a name as hyphens.
 * @returns undefined for what is no name, is too long or looks like a secret: it is left out
 */
export function safeToken(text: string | null | undefined): string | undefined {
  if (!text || text.length > MAX_TOKEN_CHARS * 2) return undefined;
  // What cannot be seen goes first, and full-width letters become usual ones: neither hides a word from the checks.
  const name = text
    .normalize('NFKC')
    .replace(/\p{Cf}+/gu, '')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  if (!NAME_TEXT.test(name) || NO_NAME.test(name) || looksSecret(name)) return undefined;
  const token = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\w@./:+-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  if (token === '' || token.length > MAX_TOKEN_CHARS || looksSecret(token)) return undefined;
  return token;
}

/** A label in another script is long and mixed, and no secret; one that only begins like such a label is looked at. */
const PUNYCODE_LABEL = /\bxn--[a-z0-9-]+/g;

/** May a hostname, or the name of a related service, be told? Somebody may have pasted a key where a name belongs. */
export function isTellable(name: string): boolean {
  const isWord = (label: string) => /\P{ASCII}/u.test(domainToUnicode(label));
  return !looksSecret(name.toLowerCase().replace(PUNYCODE_LABEL, (label) => (isWord(label) ? '' : label)));
}

/** Everything about a service that may be sent to a language model. Pure. */
export function redactService(service: Service): RedactedService {
  const redacted = isContainer(service) ? redactContainer(service) : redactProcess(service);
  // Fields left out are not sent as null: smaller, and nothing to wonder about.
  for (const key of Object.keys(redacted) as (keyof RedactedService)[]) {
    if (redacted[key] === undefined) delete redacted[key];
  }
  return redacted as RedactedService;
}

type Loose = { [Key in keyof RedactedService]: RedactedService[Key] | undefined };

function redactContainer(container: ContainerService): Loose {
  const { compose, labels } = container;
  const title = labels['org.opencontainers.image.title'];
  const user = (compose?.workdir && userOfPath(compose.workdir)?.toLowerCase()) || null;
  return {
    kind: 'container',
    container: withoutOwner(container.name, user),
    image: safeToken(imagePath(container)),
    composeProject: withoutUser(compose?.project, user),
    composeService: safeToken(compose?.service),
    // The same word twice tells nothing.
    title: title === container.name || title === imageName(container) ? undefined : withoutUser(title, user),
    ports: candidatePorts(container),
  };
}

/** Compose started in a home directory names its project, and with it the containers, after the user: `kim-web-1`. */
function withoutOwner(name: string, user: string | null): string | undefined {
  const own = user !== null && name.toLowerCase().startsWith(user) && /^[-_]/.test(name.slice(user.length));
  return own ? safeToken(name.slice(user.length + 1)) : withoutUser(name, user);
}

/** `ghcr.io/acme/web:1.2` -> `acme/web`: registry, tag and digest tell nothing about what it is. */
function imagePath(container: ContainerService): string {
  const [path = ''] = container.image.split('@');
  const owner = baseName(parentPath(path));
  const name = imageName(container);
  return owner === '' || /[.:]/.test(owner) ? name : `${owner}/${name}`;
}

function redactProcess(service: ProcessService): Loose {
  const { project, git, cwd } = service;
  const user = userOf(service);
  const words = commandWords(service);
  const directory = dirToken(project?.root ?? cwd, user);
  const repository = dirToken(git?.main ?? git?.root ?? project?.workspace ?? null, user);
  const flags = knownFlags(service);
  return {
    kind: 'process',
    project: withoutUser(project?.name, user),
    directory,
    repository: repository === directory ? undefined : repository,
    checkout: git?.worktree && git.main ? dirToken(git.root, user) : undefined,
    workspace: withoutUser(project?.workspaceName, user),
    branch: withoutUser(git?.branch, user),
    worktree: git?.worktree ? true : undefined,
    framework: safeToken(project?.framework),
    program: withoutUser(words.program, user),
    script: withoutUser(words.script, user),
    command: words.subCommand,
    flags: flags.length > 0 ? flags : undefined,
    ports: candidatePorts(service),
  };
}

/** Name of the user whose home directory a process runs in; null when it is in none. */
function userOf(service: ProcessService): string | null {
  for (const path of [service.cwd, service.project?.root, service.git?.root, service.git?.main]) {
    const user = path ? userOfPath(path) : null;
    if (user !== null) return user.toLowerCase();
  }
  return null;
}

/** A directory's own name; a home directory has none that may be told. */
function dirToken(path: string | null | undefined, user: string | null): string | undefined {
  return path && !isHomeOrRoot(path) ? withoutUser(baseName(path), user) : undefined;
}

/** Segments that are the user's name are dropped: `kim/fix-login` -> `fix-login`. */
function withoutUser(text: string | null | undefined, user: string | null): string | undefined {
  if (!text || user === null || !text.toLowerCase().includes(user)) return safeToken(text);
  return safeToken(
    text
      .split('/')
      .filter((segment) => segment.toLowerCase().replace(/^@/, '') !== user)
      .join('/'),
  );
}

/** Words that flags about ports and addresses are made of. A flag with any other word in it is not repeated. */
const FLAG_WORDS = new Set(
  ['http', 'https', 'grpc', 'api', 'web', 'ui', 'admin', 'metrics', 'management', 'server', 'listen', 'port'].concat(
    ['addr', 'address', 'bind', 'host', 'hostname', 'url', 'urls', 'console', 'dashboard', 'hmr', 'ws', 'rpc', 'tcp'],
    ['smtp', 'pprof', 'debug', 'debugging', 'inspect', 'inspector', 'remote', 'proxy', 'public', 'internal', 'p'],
  ),
);
/** Flags that are told without a value. */
const PLAIN_FLAGS = new Set(['--inspect', '--inspect-brk', '--headless', '--watch', '--reload', '--https', '--ssl']);

/** Flags that say where it listens, with the port number only, and a few that say what kind of server it is. */
function knownFlags(service: ProcessService): string[] {
  const argv = argvOf(service);
  const ports = new Set(service.listen.map(({ port }) => port));
  const flags: string[] = [];
  for (const [i, arg] of argv.entries()) {
    if (flags.length >= MAX_FLAGS) break;
    const equals = arg.indexOf('=');
    const flag = equals === -1 ? arg : arg.slice(0, equals);
    if (PLAIN_FLAGS.has(arg)) flags.push(arg);
    else if (isPlaceFlag(flag)) {
      const port = portIn(equals === -1 ? (argv[i + 1] ?? '') : arg.slice(equals + 1), ports);
      if (port !== undefined) flags.push(`${flag}=${port}`);
    }
  }
  return flags;
}

function isPlaceFlag(flag: string): boolean {
  if (!/^-{1,2}[A-Za-z]/.test(flag) || flag.length > 40) return false;
  const words = flag.replace(/^-+D?/, '').toLowerCase().split(/[-_.]/);
  return words.every((word) => FLAG_WORDS.has(word));
}

/** The first number in a flag's value that is one of the ports it listens on; nothing else of the value is told. */
function portIn(value: string, ports: ReadonlySet<number>): number | undefined {
  for (const [digits] of value.slice(0, 200).matchAll(/\d{1,5}/g)) {
    if (ports.has(Number(digits))) return Number(digits);
  }
  return undefined;
}
