import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { openFileLimit } from './open-files.ts';

it('the limit of open files is the one that the system holds', () => {
  const limit = openFileLimit();
  expect(limit).toBeGreaterThan(100);
  const module = new URL('open-files.ts', import.meta.url).href;
  const script = `import(${JSON.stringify(module)}).then(({ openFileLimit }) => console.log(openFileLimit()))`;
  const said = execFileSync('/bin/sh', ['-c', 'ulimit -n 321 && exec "$0" -e "$1"', process.execPath, script]);
  expect(Number(said)).toBe(321);
});
