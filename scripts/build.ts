/**
 * Bundle the program into dist/ for publishing, with the libraries that it uses, since one file loads in half the time
 * that some hundred take. `main.js` stays small and apart: it must be readable for a Node that is too old for the rest.
 */
import { execFile } from 'node:child_process';
import { chmod, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');
const run = promisify(execFile);

await rm(DIST, { recursive: true, force: true });
// The workers by themselves: chunks in common would load the program's libraries into them. They are found by their URLs
// beside the program, so their names stay what they are in the sources.
await bundle('main', 'src/main.ts');
await bundle('scan.worker', 'src/discovery/scan.worker.ts');
await bundle('engine.worker', 'src/discovery/docker/engine.worker.ts');
await run(process.execPath, [join(ROOT, 'scripts/dashboard.mjs'), join(DIST, 'dashboard')]);
// npm makes the bin executable when it installs the package; a checkout runs it as it is.
await chmod(join(DIST, 'main.js'), 0o755);
for (const name of (await readdir(DIST, { recursive: true })).sort()) {
  if (name !== 'dashboard') console.log(`dist/${name} ${Math.ceil((await stat(join(DIST, name))).size / 1024)} kB`);
}

async function bundle(name: string, input: string): Promise<void> {
  const build = await rolldown({ input: { [name]: join(ROOT, input) }, platform: 'node' });
  await build.write({ dir: DIST, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name].js' });
  await build.close();
}
