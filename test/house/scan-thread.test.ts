import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ENTRY = fileURLToPath(new URL('../../src/discovery/scan.worker.ts', import.meta.url));

/** Import and re-export statements that are more than types, with what they name. */
const IMPORT = /^(?:import|export) (?!type )(?:[^;'"]*? from )?'([^']+)';/gm;

/** Libraries that a file loads, directly or through our own files. */
function librariesOf(entry: string): string[] {
  const libraries = new Set<string>();
  const seen = new Set<string>();
  const queue = [entry];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      if (name.startsWith('.')) queue.push(path.resolve(path.dirname(file), name));
      else if (!name.startsWith('node:')) libraries.add(name);
    }
  }
  expect(seen.size).toBeGreaterThan(10);
  return [...libraries];
}

it('starts the scan thread without a library: each start would load it, zod alone in 45 ms', () => {
  expect(librariesOf(ENTRY)).toEqual([]);
});
