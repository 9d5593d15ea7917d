/** What the documents and tables name must exist. */
import { execFile } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/core/errors.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

describe('the documents', () => {
  const documents = ['*.md', '{docs,bench,packaging}/**/*.md'].flatMap((pattern) =>
    // The benchmark has packages of its own.
    globSync(pattern, { cwd: ROOT, exclude: ['**/node_modules/**'] }),
  );

  it('are there', () => {
    expect(documents).toEqual(expect.arrayContaining(['CHANGELOG.md', 'CONTRIBUTING.md']));
  });

  it.each(documents)('%s names only files and folders that exist', (document) => {
    const named = read(document).matchAll(
      /(?<![\w./-])(?:src|test|scripts|bench|docs|packaging|\.ci)\/[\w./{},*-]*[\w/}*]/g,
    );
    const lost = [...named].map(([path]) => path).filter((path) => globSync(path, { cwd: ROOT }).length === 0);
    expect(lost).toEqual([]);
  });

  it.each(documents)('%s links only to files that exist', (document) => {
    const links = [...read(document).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(
      ([, target]) => target ?? '',
    );
    expect(links.filter((target) => !existsSync(join(ROOT, document, '..', target)))).toEqual([]);
  });

  it.each(documents)('%s names only npm scripts that exist', (document) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...read(document).matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map(([, name]) => name ?? '');
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});

describe('the README', () => {
  const lines = read('README.md').split('\n');
  const { version, files } = JSON.parse(read('package.json')) as { version: string; files: string[] };

  it('is short, and its first screen leads from a clone and from a package to a green padlock', () => {
    expect(lines.length).toBeLessThanOrEqual(130);
    const firstScreen = lines.slice(0, 42).join('\n');
    for (const words of ['git clone ', 'npm start -- --demo', ' trust`', 'hostwise setup', 'docs/screenshots/'])
      expect(firstScreen).toContain(words);
    expect(firstScreen).toContain(`npm install -g ./hostwise-${version}.tgz`);
  });

  it('links to every document for users, and they come with the package', () => {
    const linked = new Set([...lines.join('\n').matchAll(/\]\((docs\/[\w-]+\.md)\)/g)].map(([, path]) => path));
    expect(globSync('docs/*.md', { cwd: ROOT }).filter((path) => !linked.has(path))).toEqual([]);
    expect(files).toContain('docs/*.md');
  });
});

it('no comment leads to a document that is not there', () => {
  const sources = globSync('{src,test,scripts,bench}/**/*.{ts,tsx,mjs}', {
    cwd: ROOT,
    exclude: ['**/node_modules/**'],
  });
  const named = sources.flatMap((source) =>
    [...read(source).matchAll(/(?<![\w./-])docs\/[\w-]+\.md/g)].map(([document]) => ({ source, document })),
  );
  expect(named.length).toBeGreaterThan(2);
  expect(named.filter(({ document }) => !existsSync(join(ROOT, document)))).toEqual([]);
});

describe('the table of error codes', () => {
  const sources = globSync('src/**/*.ts', { cwd: ROOT }).filter(
    (path) => !path.endsWith('.test.ts') && path !== 'src/core/errors.ts',
  );
  const code = sources.map(read).join('\n');

  it('has no code that the program never uses', () => {
    expect(Object.keys(ERROR_CODES).filter((name) => !code.includes(`'${name}'`))).toEqual([]);
  });
});

describe('the lockfile', () => {
  it('has every platform, so that "npm ci" takes it everywhere', async () => {
    await expect(
      run(process.execPath, ['scripts/complete-lockfile.mjs', '--check'], { cwd: ROOT }),
    ).resolves.toBeTruthy();
  });
});
