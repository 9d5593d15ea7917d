/**
 * The gate: format and lint, types, directions, side by side. Each says how many things it looked at and fails at none,
 * because a tool that reads nothing also reports nothing wrong.
 */
import { spawn } from 'node:child_process';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What one check found. */
interface Verdict {
  ok: boolean;
  /** How much it looked at, in words. */
  looked: string;
  /** What is wrong, as the tool says it. */
  report: string;
}

interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The part of dependency-cruiser's JSON that is read here. */
interface Cruise {
  modules: { source: string; dependencies: { typeOnly?: boolean; dependencyTypes: string[] }[] }[];
  summary: { violations: { from: string; to: string; rule: { name: string; severity: string } }[] };
}

/** Run a tool of node_modules/.bin with nothing on stdin. */
function tool(name: string, args: readonly string[]): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(ROOT, 'node_modules/.bin', name), args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

async function formatAndLint(): Promise<Verdict> {
  const { code, stdout, stderr } = await tool('biome', ['ci', '--error-on-warnings', '--colors=off']);
  const files = Number(/Checked (\d+) files?/.exec(stdout + stderr)?.[1] ?? 0);
  return { ok: code === 0 && files > 0, looked: `${files} files`, report: `${stdout}${stderr}` };
}

async function types(): Promise<Verdict> {
  const [program, dashboard] = await Promise.all([typesOf('.'), typesOf('src/dashboard')]);
  return {
    ok: program.ok && dashboard.ok,
    looked: `${program.looked}, dashboard ${dashboard.looked}`,
    report: program.report + dashboard.report,
  };
}

/** The dashboard is for browsers: what it may name is not what the program may. */
async function typesOf(project: string): Promise<Verdict> {
  const [check, list] = await Promise.all([
    tool('tsc', ['-p', project]),
    tool('tsc', ['-p', project, '--listFilesOnly']),
  ]);
  const own = list.stdout.split('\n').filter((path) => path !== '' && !relative(ROOT, path).includes('node_modules'));
  return { ok: check.code === 0 && own.length > 0, looked: `${own.length} files`, report: check.stdout + check.stderr };
}

async function directions(): Promise<Verdict> {
  const args = ['src', '--config', '.dependency-cruiser.mjs', '--output-type', 'json'];
  const { stdout, stderr } = await tool('depcruise', args);
  const cruise = parseCruise(stdout);
  if (cruise === undefined) return { ok: false, looked: '0 modules', report: stdout + stderr };
  const modules = cruise.modules.filter((module) => module.source.startsWith('src/'));
  const imports = modules.flatMap((module) => module.dependencies);
  // Without its parser the tool still follows some imports but misses those that are only types.
  const typeOnly = imports.filter((one) => one.typeOnly === true || one.dependencyTypes.includes('type-only'));
  const wrong = cruise.summary.violations.filter((violation) => violation.rule.severity === 'error');
  return {
    ok: wrong.length === 0 && modules.length > 0 && typeOnly.length > 0,
    looked: `${modules.length} modules, ${imports.length} imports, ${typeOnly.length} of them type-only`,
    report: wrong.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`).join('\n'),
  };
}

function parseCruise(stdout: string): Cruise | undefined {
  try {
    return JSON.parse(stdout) as Cruise;
  } catch {
    return undefined;
  }
}

const checks = { 'format and lint': formatAndLint, types, directions };
const verdicts = await Promise.all(Object.entries(checks).map(async ([name, check]) => ({ name, ...(await check()) })));
for (const { name, ok, looked, report } of verdicts) {
  if (!ok && report.trim() !== '') console.log(`${report.trim()}\n`);
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name}: ${looked}`);
}
if (verdicts.some(({ ok }) => !ok)) process.exitCode = 1;
