/**
 * The safe words of a command line: program, script, known sub-command. Nothing else of it is ever repeated to anyone:
 * an argument that is not recognised may be a password.
 */

import { oncePerObject } from './once-per-object.ts';
import { baseName, isWithin } from './path-text.ts';
import { isProgramName } from './program-name.ts';
import { looksSecret } from './secrets.ts';
import { type ContainerService, isContainer, type ProcessService, type Service } from './service.ts';

/** What a command line says about the kind of program, in known words only. */
export interface CommandWords {
  /** Basename of the program: `node`, `puma`, `next-server`. */
  program: string;
  /** Name of the script that an interpreter runs: `vite`, `server.js`, `http.server`. */
  script?: string;
  /** What is run is not the project's own: a package's command, a module by name, a program from elsewhere. */
  isForeign?: boolean;
  /** One of {@link SUB_COMMANDS}. */
  subCommand?: string;
}

/** Longest command line that is looked at, in arguments and in characters of each. */
const MAX_ARGS = 200;
const MAX_ARG_CHARS = 400;
/** And in all, where it is one line. */
const MAX_LINE_CHARS = 16_384;

/** Programs whose first own argument is a script. */
const INTERPRETER =
  /^(?:node|nodejs|bun|deno|tsx|ts-node|python[\d.]*|pypy[\d.]*|ruby|php[\d.]*|perl|java|dotnet|beam\.smp|npx|uv)$/i;
/** Flags of interpreters that take the next argument as their value, which is no script. */
const VALUE_FLAG =
  /^(?:-r|--require|--import|--loader|--experimental-loader|--env-file|--conditions|-C|-c|-e|-W|-X|-I)$/;
/** File names that a script may have; anything else needs a directory before it. */
const SCRIPT_FILE = /^[\w@.+-]{1,50}\.(?:[cm]?[jt]sx?|py|rb|php|pl|jar|dll|exs?)$/;
/** Scripts that say nothing by their own name. */
const BARE_SCRIPT = /^(?:index|main|server|start|cli|bin|app|run|__main__|cmd)(?:\.\w+)?$/;

/** Words that say which job of a tool runs. */
const SUB_COMMANDS = new Set(
  ['dev', 'develop', 'serve', 'server', 'start', 'preview', 'watch', 'run', 'runserver', 'storybook', 'studio'].concat(
    ['server:start', 'emulators:start', 'show-report', 'docs', 'flower', 'worker', 'lab', 'notebook', 'web', 'ui'],
    ['start-dev', 'api', 'admin', 'proxy', 'mock', 'console', 'dashboard', 'http', 'daemon', 'standalone'],
  ),
);

/** The argument vector, split as a shell would where the operating system gave only a joined line. */
export function argvOf(service: ProcessService): readonly string[] {
  const argv = service.argv ?? splitLine(service);
  if (argv.length <= MAX_ARGS && argv.every((arg) => arg.length <= MAX_ARG_CHARS)) return argv;
  return argv.slice(0, MAX_ARGS).map((arg) => arg.slice(0, MAX_ARG_CHARS + 1));
}

/** Known directories with blanks in their names stay whole: `/Users/kim/Sites/My Shop/node_modules/.bin/vite`. */
function splitLine({ args, cwd, project, git }: ProcessService): string[] {
  let line = args.slice(0, MAX_LINE_CHARS);
  for (const directory of [project?.root, git?.root, cwd]) {
    if (directory?.includes(' ')) line = line.replaceAll(directory, directory.replaceAll(' ', KEPT_BLANK));
  }
  return splitWords(line).map((word) => word.replaceAll(KEPT_BLANK, ' '));
}

/** No command line that the system prints has one. */
const KEPT_BLANK = '\0';

/** Quotes and blanks only: enough for what operating systems print. Linear. */
function splitWords(line: string): string[] {
  const words: string[] = [];
  for (const match of line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)) {
    words.push(match[1] ?? match[2] ?? match[3] ?? '');
  }
  return words;
}

/** The known words of a process's command line; read once for as long as the process stays the same. */
export const commandWords = oncePerObject<ProcessService, Readonly<CommandWords>>(readCommand);

function readCommand(service: ProcessService): CommandWords {
  const argv = argvOf(service);
  const program = programName(service, argv[0]);
  const words: CommandWords = { program };
  const at = INTERPRETER.test(program) ? scriptIndex(argv) : 0;
  const file = argv[at] ?? '';
  const script = at > 0 ? scriptName(file, argv[at - 1]) : '';
  if (at > 0) words.script = looksSecret(script) ? '' : script;
  // Of an interpreter whose script is not recognised nothing is known.
  if ((at > 0 || !INTERPRETER.test(program)) && isForeign(file, argv[at - 1], service)) words.isForeign = true;
  const subCommand = argv.slice(at + 1).find((arg) => SUB_COMMANDS.has(arg));
  if (subCommand !== undefined) words.subCommand = subCommand;
  return words;
}

/** Where installers put commands below a project: npm and Python. */
const INSTALLED = /(?:^|\/)(?:node_modules|\.?venv|env|site-packages)\//;
/** Where `go run` builds the project's own program. */
const GO_BUILD = /^\/(?:tmp|(?:private\/)?var\/folders\/.+)\/go-build\d/;

/** @param before the argument before it; undefined for the program itself */
function isForeign(file: string, before: string | undefined, { project, git }: ProcessService): boolean {
  if (INSTALLED.test(file) || before === '-m') return true;
  // A script without a directory is in the working directory; a program is looked for in PATH.
  if (!file.startsWith('/')) return before === undefined && !file.includes('/');
  if (GO_BUILD.test(file)) return false;
  return ![project?.root, git?.root].some((directory) => directory !== undefined && isWithin(file, directory));
}

function programName(service: ProcessService, first: string | undefined): string {
  // A process that renamed itself (`next-server (v15)`, `puma 6 (tcp://...)`) says its name in the first word.
  const [word = ''] = (first === undefined || first.length > MAX_ARG_CHARS ? '' : first).split(' ');
  const names = [word, service.command]
    .filter((name) => !isTitle(name))
    .map((name) => baseName(name).replace(/:$/, ''));
  return names.find(isProgramName) ?? 'program';
}

/** A title may be anything, also a URL with credentials or an assignment (`PGPASSWORD=x psql`). */
function isTitle(word: string): boolean {
  return /:\/\/|[@=]/.test(word) || looksSecret(word);
}

/** Index of the script among the arguments of an interpreter; 0 when none is recognised. */
function scriptIndex(argv: readonly string[]): number {
  for (let i = 1; i < argv.length; i++) {
    const arg = argv[i] ?? '';
    if (arg === '-m' || arg === '-jar') return i + 1 < argv.length ? i + 1 : 0;
    if (VALUE_FLAG.test(arg)) i++;
    else if (arg.startsWith('-')) continue;
    else if (isScript(arg, argv[i - 1] ?? '', i === 1)) return i;
  }
  return 0;
}

/** After a flag that we do not know only a clear file name is taken: anything else may be that flag's value. */
function isScript(arg: string, before: string, first: boolean): boolean {
  if (arg.length > MAX_ARG_CHARS) return false;
  const file = baseName(arg);
  if (SCRIPT_FILE.test(file)) return true;
  return (first || !before.startsWith('-')) && arg.startsWith('/') && /^[\w@.+-]{1,50}$/.test(file);
}

function scriptName(script: string, flag: string | undefined): string {
  if (flag === '-m') return /^[A-Za-z_][\w.]{0,40}$/.test(script) ? script : '';
  const file = baseName(script);
  // pnpm starts `node_modules/.bin/../storybook/bin/index.cjs`.
  const path = script.replace('/.bin/../', '/');
  const modules = path.lastIndexOf('/node_modules/');
  if (modules === -1 || path.includes('/.bin/')) return file;
  // `/node_modules/wrangler/dist/cli.js` is wrangler, whatever its entry file is called.
  const [scope = '', name = ''] = path.slice(modules + '/node_modules/'.length).split('/');
  return scope.startsWith('@') ? name : scope;
}

/**
 * One word for what a service is: the framework, else the script, else the program or the image.
 * Used as a label of hostnames, so it is stable across restarts.
 */
export function toolName(service: Service): string {
  if (isContainer(service)) return imageName(service);
  if (service.project?.framework) return service.project.framework;
  const { program, script = '' } = commandWords(service);
  if (script !== '' && !BARE_SCRIPT.test(script)) return withoutExtension(script);
  return program || 'process';
}

/** `vite.js` -> `vite`. */
export function withoutExtension(script: string): string {
  return script.replace(/\.(?:[cm]?[jt]s|py|rb|php|jar|dll)$/, '');
}

/** `ghcr.io/acme/web:1.2@sha256:...` -> `web`. */
export function imageName(container: ContainerService): string {
  const [path = ''] = container.image.split('@');
  const [name = ''] = baseName(path).split(':');
  return name;
}
