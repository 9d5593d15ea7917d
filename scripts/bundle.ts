/**
 * Bundle the program with the libraries that it uses, since one file loads in half the time that some hundred take. Node
 * loads what comes out with nothing beside it but the built dashboard.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Write `main.js`, its chunks and its workers into a folder. `main.js` stays small and apart: it must be readable for a
 * Node that is too old for the rest.
 */
export async function bundleProgram(folder: string): Promise<void> {
  // The workers by themselves: chunks in common would load the program's libraries into them. They are found by their
  // URLs beside the program, so their names stay what they are in the sources.
  await bundle(folder, 'main', 'src/main.ts');
  await bundle(folder, 'scan.worker', 'src/discovery/scan.worker.ts');
  await bundle(folder, 'engine.worker', 'src/discovery/docker/engine.worker.ts');
}

async function bundle(dir: string, name: string, input: string): Promise<void> {
  const build = await rolldown({ input: { [name]: join(ROOT, input) }, platform: 'node' });
  await build.write({ dir, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name].js' });
  await build.close();
}
