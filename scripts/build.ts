/**
 * Bundle the program and the dashboard for publishing.
 *
 *   node scripts/build.ts [FOLDER]
 *   FOLDER   where to, by default dist; it is emptied first
 */
import { execFile } from 'node:child_process';
import { chmod, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundleProgram } from './bundle.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = resolve(process.argv[2] ?? join(ROOT, 'dist'));
const run = promisify(execFile);

await rm(DIST, { recursive: true, force: true });
await bundleProgram(DIST);
await run(process.execPath, [join(ROOT, 'scripts/dashboard.mjs'), join(DIST, 'dashboard')]);
// npm makes the bin executable when it installs the package; a checkout runs it as it is.
await chmod(join(DIST, 'main.js'), 0o755);
for (const name of (await readdir(DIST, { recursive: true })).sort()) {
  if (name !== 'dashboard') console.log(`dist/${name} ${Math.ceil((await stat(join(DIST, name))).size / 1024)} kB`);
}
