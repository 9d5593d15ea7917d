/**
 * Build the dashboard: src/dashboard -> app.js and app.css. Plain JavaScript whose top needs no package, since set-up
 * asks it for the stamp before there are any.
 *
 *   node scripts/dashboard.mjs [FOLDER]
 *   FOLDER   where to; by default the cache that a checkout serves it from, where a stamp says what it was built from
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = join(ROOT, 'src/dashboard');
/** Where `src/api/dashboard-assets.ts` looks in a checkout. */
const CACHE = join(ROOT, 'node_modules/.cache/hostwise-dashboard');

/** Digest of all that the result depends on. A handful of small files: some milliseconds. */
function sourcesStamp() {
  const files = readdirSync(SOURCES, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  for (const file of [...files.sort(), join(ROOT, 'package-lock.json'), fileURLToPath(import.meta.url)]) {
    hash
      .update(`${file.slice(ROOT.length)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}

/** Is what a checkout serves made of the sources as they are? */
export function isDashboardBuilt() {
  try {
    return readFileSync(join(CACHE, 'stamp'), 'utf8') === sourcesStamp();
  } catch {
    return false;
  }
}

async function build(folder) {
  // The same to the byte whoever builds it: Vite keeps what a test run or a shell has set, and with it libraries' own checks.
  process.env.NODE_ENV = 'production';
  const { build } = await import('vite');
  await build({
    configFile: false,
    root: SOURCES,
    logLevel: 'warn',
    publicDir: false,
    // Names are what a person sees in the browser's tools; the map would not be allowed to load anyway.
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: 'es2023',
      sourcemap: false,
      cssCodeSplit: false,
      modulePreload: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: join(SOURCES, 'main.tsx'),
        output: { entryFileNames: 'app.js', assetFileNames: 'app.[ext]', codeSplitting: false },
      },
    },
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  });
  for (const name of ['app.js', 'app.css']) {
    if (!existsSync(join(folder, name))) throw new Error(`The build made no "${name}"`);
  }
}

/** Made beside and then moved: a start that reads it meanwhile finds the old one or the new one. */
async function buildCache() {
  const stamp = sourcesStamp();
  const fresh = `${CACHE}.${process.pid}`;
  mkdirSync(dirname(CACHE), { recursive: true });
  try {
    await build(fresh);
    writeFileSync(join(fresh, 'stamp'), stamp);
    rmSync(CACHE, { recursive: true, force: true });
    renameSync(fresh, CACHE);
  } catch (error) {
    // Another start was a moment faster, with the same.
    if (!isDashboardBuilt()) throw error;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2];
  if (folder !== undefined) await build(resolve(folder));
  else if (!isDashboardBuilt()) await buildCache();
}
