/**
 * What a manifest says about its project: the name, whether it gathers a monorepo, what it depends on.
 * No library parses these formats here: one line of each is wanted, a broken file must not matter, and the worker
 * that runs this is to stay small.
 */

/** One manifest of a directory. */
export interface Manifest {
  /** File name, `package.json`. */
  file: string;
  /** As the manifest says it, scope included; undefined where it says none or is broken. */
  name: string | undefined;
  /** Does it gather other projects below it? */
  isWorkspace: boolean;
  /** Only a marker of something else (`{"type":"module"}`): no project of its own. */
  isMarker: boolean;
  /** The hostname that `"hostwise": "name"` in a package.json asks for, as written. */
  hostwise?: string | undefined;
  /** Names of what the project depends on, as far as they are wanted to tell the framework. */
  dependencies: readonly string[];
}

type Parsed = Partial<Omit<Manifest, 'file'>>;

/** Longest name that is believed; npm allows 214. */
const MAX_NAME_LENGTH = 214;

interface Kind {
  file: RegExp;
  /** Programs that run such a project. */
  program: RegExp;
  /** Builds a program of its own, under any name. */
  isCompiled?: true;
  parse: (text: string, file: string) => Parsed;
}

/** Manifests in the order of preference. */
const KINDS: readonly Kind[] = [
  {
    file: /^package\.json$/,
    program: /^(?:node|bun|next-server|npm|pnpm|yarn|vite|electron)/,
    parse: parsePackageJson,
  },
  { file: /^pyproject\.toml$/, program: /^(?:python|uv|gunicorn|flask|celery|jupyter|poetry)/, parse: parsePyproject },
  { file: /^go\.mod$/, program: /^(?:go|air)$/, isCompiled: true, parse: parseGoMod },
  { file: /^Cargo\.toml$/, program: /^(?:cargo|trunk)/, isCompiled: true, parse: parseCargo },
  { file: /^composer\.json$/, program: /^(?:php|symfony|frankenphp|rr)/, parse: parseComposer },
  { file: /^Gemfile$/, program: /^(?:ruby|puma|rails|unicorn|bundle|rackup)/, parse: parseGemfile },
  { file: /^mix\.exs$/, program: /^(?:beam|elixir|mix|iex|erl)/, parse: parseMix },
  { file: /^pom\.xml$/, program: /^(?:java|mvn)/, parse: parsePom },
  { file: /^settings\.gradle(?:\.kts)?$/, program: /^(?:java|gradle)/, parse: parseGradleSettings },
  { file: /^build\.gradle(?:\.kts)?$/, program: /^(?:java|gradle)/, parse: parseGradleBuild },
  { file: /^deno\.jsonc?$/, program: /^deno/, parse: parseDeno },
  { file: /^.+\.(?:cs|fs|vb)proj$/, program: /^dotnet/, isCompiled: true, parse: parseDotnet },
];

/** Files that make a directory the root of a monorepo without being a manifest with a name. */
const WORKSPACE_FILE = /^(?:pnpm-workspace\.yaml|nx\.json|lerna\.json|rush\.json|turbo\.json|go\.work|.+\.slnx?)$/;

/** Is this the name of a manifest? */
export function isManifestName(file: string): boolean {
  return KINDS.some((kind) => kind.file.test(file));
}

/** Does a file of this name make its directory a monorepo's root? `turbo.json` must be asked further. */
export function isWorkspaceName(file: string): boolean {
  return WORKSPACE_FILE.test(file);
}

/** A `turbo.json` inside a package extends the one of the root. */
export function isRootTurboJson(text: string): boolean {
  return !/"extends"\s*:\s*\[\s*"\/\/"/.test(text);
}

/** Read one manifest. Never throws: a broken one counts as there, without a name. */
export function parseManifest(file: string, text: string | undefined): Manifest {
  const empty = { file, name: undefined, isWorkspace: false, isMarker: false, dependencies: [] };
  const kind = KINDS.find((candidate) => candidate.file.test(file));
  if (!kind || text === undefined) return empty;
  try {
    const parsed = kind.parse(text, file);
    return { ...empty, ...parsed, name: plausibleName(parsed.name) };
  } catch {
    return empty;
  }
}

/**
 * The manifest that speaks for a process where a directory has several (a Rails application has a package.json too):
 * one of its own kind first, then the order above.
 */
export function preferredManifest(manifests: readonly Manifest[], program: string): Manifest | undefined {
  const rank = ({ file }: Manifest) => {
    const index = KINDS.findIndex((kind) => kind.file.test(file));
    return runsProgram(file, program) ? index - KINDS.length : index;
  };
  return manifests.toSorted((a, b) => rank(a) - rank(b))[0];
}

/** Could this program be what the manifest's project runs? A program of no known kind may be a compiled one. */
export function runsProgram(file: string, program: string): boolean {
  const name = program.toLowerCase();
  const kind = KINDS.find((candidate) => candidate.file.test(file));
  if (!kind || name === '') return false;
  return kind.program.test(name) || (kind.isCompiled === true && !KINDS.some((other) => other.program.test(name)));
}

function plausibleName(name: string | undefined): string | undefined {
  const trimmed = name?.trim();
  if (!trimmed || trimmed.length > MAX_NAME_LENGTH || /[\x00-\x1f\x7f]/.test(trimmed)) return undefined;
  return trimmed;
}

function parsePackageJson(text: string): Parsed {
  const manifest = jsonObject(text);
  const dependencies = ['dependencies', 'devDependencies'].flatMap((key) => keysOf(manifest[key]));
  const isMarker = !['name', 'scripts', 'dependencies', 'devDependencies', 'workspaces'].some((key) => key in manifest);
  return {
    name: stringOf(manifest.name),
    isWorkspace: hasEntries(manifest.workspaces),
    isMarker,
    dependencies,
    ...(typeof manifest.hostwise === 'string' ? { hostwise: manifest.hostwise } : {}),
  };
}

function parsePyproject(text: string): Parsed {
  const name = tomlString(text, 'project', 'name') ?? tomlString(text, 'tool.poetry', 'name');
  // Requirement strings and poetry's keys alike: only whether a framework's name occurs is asked later.
  const dependencies = [...text.matchAll(/^[ \t]*["']?([A-Za-z][\w.-]*)/gm)].map((match) =>
    (match[1] ?? '').toLowerCase(),
  );
  return { name, isWorkspace: /^[ \t]*\[tool\.uv\.workspace\]/m.test(text), dependencies };
}

function parseGoMod(text: string): Parsed {
  return { name: /^[ \t]*module[ \t]+"?([^\s"]+)/m.exec(text)?.[1] };
}

function parseCargo(text: string): Parsed {
  return { name: tomlString(text, 'package', 'name'), isWorkspace: /^[ \t]*\[workspace\]/m.test(text) };
}

function parseComposer(text: string): Parsed {
  const manifest = jsonObject(text);
  return { name: stringOf(manifest.name), dependencies: keysOf(manifest.require) };
}

function parseGemfile(text: string): Parsed {
  return { dependencies: [...text.matchAll(/^[ \t]*gem[ \t]+["']([\w-]+)["']/gm)].map((match) => match[1] ?? '') };
}

function parseMix(text: string): Parsed {
  const dependencies = [...text.matchAll(/\{\s*:(\w+)\s*,/g)].map((match) => match[1] ?? '');
  return { name: /\bapp:\s*:(\w+)/.exec(text)?.[1], isWorkspace: /\bapps_path:/.test(text), dependencies };
}

function parsePom(text: string): Parsed {
  // The parent's artifactId stands inside <parent>, a library's inside <dependency>: only those right below <project> count.
  let depth = 0;
  let name: string | undefined;
  for (const [, close, tag, content = ''] of withoutXmlComments(text).matchAll(
    /<(\/?)([\w.-]+)(?:\s[^<>]*)?>([^<]*)/g,
  )) {
    if (close) depth--;
    else if (++depth === 2 && tag === 'artifactId') name ??= content.trim();
  }
  return { name, isWorkspace: text.includes('<module>'), dependencies: springBoot(text) };
}

function withoutXmlComments(text: string): string {
  const [first = '', ...rest] = text.split('<!--');
  return first + rest.map((part) => (part.includes('-->') ? part.slice(part.indexOf('-->') + 3) : '')).join('');
}

function springBoot(text: string): string[] {
  return /spring-boot|org\.springframework\.boot/.test(text) ? ['spring-boot'] : [];
}

function parseGradleSettings(text: string): Parsed {
  return {
    name: /rootProject\.name\s*=\s*["']([^"']+)["']/.exec(text)?.[1],
    isWorkspace: /^[ \t]*include(?:Build)?[ \t]*\(?\s*["']/m.test(text),
  };
}

function parseGradleBuild(text: string): Parsed {
  return { dependencies: springBoot(text) };
}

function parseDeno(text: string): Parsed {
  const manifest = jsonObject(withoutComments(text));
  return { name: stringOf(manifest.name), isWorkspace: hasEntries(manifest.workspace) };
}

function parseDotnet(text: string, file: string): Parsed {
  const assembly = /<AssemblyName>\s*([^<$\s]+)\s*<\/AssemblyName>/.exec(text)?.[1];
  const isWeb = /Sdk="Microsoft\.NET\.Sdk\.Web"/.test(text);
  return { name: assembly ?? file.replace(/\.\w+$/, ''), dependencies: isWeb ? ['aspnetcore'] : [] };
}

/** No line that names anything is longer, and the patterns below are for short ones. */
const MAX_LINE_LENGTH = 500;

/** Value of `key = "..."` in the table `[table]` of a TOML file. */
function tomlString(text: string, table: string, key: string): string | undefined {
  let isInside = false;
  for (const line of text.split('\n')) {
    if (line.length > MAX_LINE_LENGTH) continue;
    const header = /^\s*\[+\s*([^\]]+?)\s*\]+/.exec(line);
    if (header) isInside = header[1] === table;
    const value = isInside ? /^\s*([\w-]+)\s*=\s*(["'])(.*?)\2/.exec(line) : null;
    if (value?.[1] === key) return value[3];
  }
  return undefined;
}

/** JSON with comments and trailing commas to JSON; strings are kept as they are, an unclosed one or comment ends with the text. */
function withoutComments(text: string): string {
  return text
    .replace(/("(?:[^"\\]|\\[\s\S])*"?)|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g, (_, string?: string) => string ?? '')
    .replace(/("(?:[^"\\]|\\[\s\S])*"?)|,(?=\s*[}\]])/g, (_, string?: string) => string ?? '');
}

/** @throws SyntaxError where the text is no JSON */
function jsonObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function keysOf(value: unknown): string[] {
  return isObject(value) ? Object.keys(value) : [];
}

/** npm's list of globs, or yarn's and bun's object with `packages`. */
function hasEntries(workspaces: unknown): boolean {
  return Array.isArray(workspaces) ? workspaces.length > 0 : isObject(workspaces);
}
