/**
 * Bundle the program with the libraries that it uses, since one file loads in half the time that some hundred take. What
 * comes out needs nothing beside it but the built dashboard.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Plugin, rolldown } from 'rolldown';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Of undici what the program uses; its index loads fetch, WebSocket, caches and mocks, too: 0.9 MB of source. */
const UNDICI = `
import Client from 'undici/lib/dispatcher/client.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import request from 'undici/lib/api/api-request.js';
// As its index does.
Object.assign(Dispatcher.prototype, { request });
export { Client, Pool };
`;

/** Computed exports of Node's modules that are used; all others are left out. */
const COMPUTED: Readonly<Record<string, readonly string[]>> = {
  'node:crypto': ['webcrypto'],
  'node:net': ['SocketAddress'],
};

/**
 * Write `main.js`, its chunks and its workers into a folder. `main.js` stays small and apart: it must be readable for a
 * Node that is too old for the rest.
 */
export async function bundleProgram(folder: string): Promise<void> {
  // The workers by themselves: chunks in common would load the program's libraries into them.
  const workers = {
    'scan.worker.js': await bundle(folder, 'src/discovery/scan.worker.ts', LATER),
    'engine.worker.js': await bundle(folder, 'src/discovery/docker/engine.worker.ts', LATER),
  };
  await bundle(folder, 'src/main.ts', 'main.js', [renamed(workers)]);
}

/** What is loaded later must be of this very build, also where an update has replaced the files meanwhile. */
const LATER = '[name]-[hash].js';

/** Calls files by the names that they got in place of those that the sources have for them. */
function renamed(names: Readonly<Record<string, string>>): Plugin {
  return {
    name: 'renamed',
    transform: (code, id) => {
      let changed = code;
      for (const [from, to] of Object.entries(names)) changed = changed.replaceAll(`'./${from}'`, `'./${to}'`);
      return changed === code || id.includes('node_modules') ? null : { code: changed, map: null };
    },
  };
}

/** Code in the place of undici's index. */
function undiciParts(): Plugin {
  const file = join(ROOT, 'undici-parts.js');
  return {
    name: 'undici-parts',
    resolveId: (id) => (id === 'undici' ? file : null),
    load: (id) => (id === file ? UNDICI : null),
  };
}

/**
 * Takes Node's modules without importing them. An import reads all of their exports, also those that are computed then:
 * WebSocket of `node:http` loads all of Node's own undici (55 ms, 16 MB), `process` opens stdin, `tls` makes strings of
 * 150 roots.
 */
function builtinsUnread(): Plugin {
  const files = new Map<string, string>();
  return {
    name: 'builtins-unread',
    resolveId: (id, importer, { kind }) => {
      // Prompts use the computed stdin, and are loaded where somebody sits at it. The bundler's own runtime is imported by
      // everything, so what it imports itself must not end up in a chunk of ours.
      const isExempt = importer?.includes('/@clack/') || importer?.startsWith('\0');
      if (!id.startsWith('node:') || kind === 'require-call' || isExempt) return null;
      const file = join(ROOT, `${id.replaceAll(/\W/g, '-')}.js`);
      files.set(file, id);
      return { id: file, moduleSideEffects: false };
    },
    load: (file) => {
      const id = files.get(file);
      if (id === undefined) return null;
      const names = [...plainExports(process.getBuiltinModule(id) ?? {}), ...(COMPUTED[id] ?? [])];
      return [
        `const it = process.getBuiltinModule('${id}');`,
        'export default it;',
        `export const { ${names.join(', ')} } = it;`,
      ].join('\n');
    },
  };
}

/** Names of exports that are there without being computed. */
function plainExports(module: object): string[] {
  const all = Object.entries(Object.getOwnPropertyDescriptors(module));
  return all.flatMap(([name, { value }]) => (value === undefined || name === 'default' ? [] : [name]));
}

/** @returns the name that the entry got */
async function bundle(dir: string, input: string, entryFileNames: string, plugins: Plugin[] = []): Promise<string> {
  const build = await rolldown({
    input: join(ROOT, input),
    platform: 'node',
    plugins: [undiciParts(), builtinsUnread(), ...plugins],
  });
  const { output } = await build.write({
    dir,
    format: 'esm',
    entryFileNames,
    chunkFileNames: LATER,
    // V8 keeps every script's source, with two bytes a character if one of them is not Latin-1.
    charset: 'ascii',
    // Names stay, so that a stack in a log can be read.
    minify: { compress: true, mangle: false, codegen: true },
  });
  await build.close();
  return output[0].fileName;
}
