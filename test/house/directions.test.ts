/** The check of directions must see what it forbids: it is run on small trees with the project's own rules. */
import { execFile } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../fixtures/temp-dir.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Names of the rules that a tree of files breaks. */
async function brokenRules(files: Record<string, string>): Promise<string[]> {
  const folder = await tempDir('hw-rules');
  for (const name of ['.dependency-cruiser.mjs', 'tsconfig.json', 'package.json']) {
    await cp(join(ROOT, name), join(folder, name));
  }
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  const { summary } = JSON.parse(await cruise(folder)) as { summary: { violations: { rule: { name: string } }[] } };
  return [...new Set(summary.violations.map(({ rule }) => rule.name))].sort();
}

/** Its exit code counts the violations, so only the output says whether it ran. */
function cruise(folder: string): Promise<string> {
  const tool = join(ROOT, 'node_modules/.bin/depcruise');
  const args = ['src', '--config', '.dependency-cruiser.mjs', '--output-type', 'json'];
  return new Promise((resolve, reject) => {
    execFile(tool, args, { cwd: folder }, (error, stdout) => {
      if (stdout === '') reject(error ?? new Error('depcruise said nothing'));
      else resolve(stdout);
    });
  });
}

const THING = 'export interface Thing { name: string }\nexport const thing: Thing = { name: "thing" };\n';

describe('the check of directions', () => {
  it('has nothing against an import from below', async () => {
    const files = {
      'src/core/thing.ts': THING,
      'src/routes/user.ts': "import { thing } from '../core/thing.ts';\nexport const name = thing.name;\n",
    };
    expect(await brokenRules(files)).toEqual([]);
  });

  it('catches an import from above that is only a type', async () => {
    const files = {
      'src/routes/thing.ts': THING,
      'src/core/user.ts': "import type { Thing } from '../routes/thing.ts';\nexport type User = Thing;\n",
    };
    expect(await brokenRules(files)).toEqual(['core-looks-down']);
  });

  it('catches an import between siblings', async () => {
    const files = {
      'src/tls/thing.ts': THING,
      'src/discovery/user.ts': "import { thing } from '../tls/thing.ts';\nexport const name = thing.name;\n",
    };
    expect(await brokenRules(files)).toEqual(['discovery-looks-down']);
  });

  it('catches a cycle, also one that closes over a type', async () => {
    const files = {
      'src/core/a.ts': "import type { B } from './b.ts';\nexport interface A { b: B }\n",
      'src/core/b.ts': "import type { A } from './a.ts';\nexport interface B { a: A }\n",
    };
    expect(await brokenRules(files)).toEqual(['no-cycles']);
  });

  it('catches an import of the command line by a part', async () => {
    const files = {
      'src/cli/thing.ts': THING,
      'src/proxy/user.ts': "import type { Thing } from '../cli/thing.ts';\nexport type User = Thing;\n",
    };
    expect(await brokenRules(files)).toEqual(['nobody-imports-the-top', 'proxy-looks-down']);
  });

  it('catches a development package in the program, and a file that is not there', async () => {
    const files = {
      'src/core/dev.ts': "import { describe } from 'vitest';\nexport const d = describe;\n",
      'src/core/lost.ts': "import { nothing } from './nowhere.ts';\nexport const n = nothing;\n",
    };
    expect(await brokenRules(files)).toEqual(['no-dev-dependency-in-src', 'resolvable']);
  });
});
