/**
 * The sample apps of `--demo`: for someone with nothing running to see the point in the first minute, with no LLM.
 * Their names are exact: demo-shop, demo-api and, from a git worktree, new-cart.demo-shop.
 */
import { mkdir, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { AppError, messageOf } from '../core/errors.ts';
import { addWorktree, commitAll, initRepo } from './demo-git.ts';
import { type DemoProcess, startDemoProcess } from './demo-process.ts';
import { writeApi, writeShop } from './demo-projects.ts';

/** One sample app that runs. */
export interface DemoApp {
  /** The name that it answers to, without a domain. */
  name: string;
  dir: string;
  /** `::1` or `127.0.0.1`. */
  address: string;
  port: number;
  pid: number;
}

/** The sample apps. */
export interface Demo {
  apps: DemoApp[];
  /** What is missing on this machine, in words. */
  notes: string[];
  /** End the apps and remove their folder. Never rejects; twice is harmless. */
  close(): Promise<void>;
}

/** What {@link startDemo} needs. */
export interface DemoOptions {
  /**
   * Where they are written: nobody else's, and removed first if it is there. The same at every start, since a route
   * names the folder of its app.
   */
  folder: string;
  log: { warn(fields: object, message: string): void };
  /** Passed on to the apps without Node's own switches and without keys. */
  env: Record<string, string | undefined>;
  /** Default `git`. */
  gitProgram?: string;
}

/**
 * Write, commit and start the sample apps on free ports.
 * @throws {AppError} DEMO_FAILED when a folder cannot be made or an app does not start; nothing is left behind then
 */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const processes: DemoProcess[] = [];
  let root: string | undefined;
  const close = async (): Promise<void> => {
    await Promise.all(processes.splice(0).map((one) => one.stop()));
    if (root !== undefined) await removeFolder(root, options);
    root = undefined;
  };
  try {
    root = await emptyFolder(options.folder);
    const { projects, notes } = await layOut(root, options.gitProgram ?? 'git');
    processes.push(...(await startAll(projects, options)));
    const apps = projects.map(({ name, dir }, i) => ({ name, dir, ...addressOf(processes[i]) }));
    if (apps.every(({ address }) => address !== '::1')) {
      notes.push('This machine has no IPv6, so the demo’s page listens on 127.0.0.1 instead of ::1');
    }
    return { apps, notes, close };
  } catch (error) {
    await close();
    throw new AppError('DEMO_FAILED', `The sample apps cannot be started: ${messageOf(error)}`, {
      hint: 'leave --demo away to start without them',
      cause: error,
    });
  }
}

interface Project {
  name: string;
  dir: string;
  /** Where it would like to listen. */
  address: string;
}

/** Write the projects. Without git there is no worktree, and nothing else is missing. */
async function layOut(root: string, git: string): Promise<{ projects: Project[]; notes: string[] }> {
  const shop: Project = { name: 'demo-shop', dir: path.join(root, 'demo-shop'), address: '::1' };
  const api: Project = { name: 'demo-api', dir: path.join(root, 'demo-api'), address: '127.0.0.1' };
  const cart: Project = {
    name: 'new-cart.demo-shop',
    dir: path.join(root, 'demo-shop-new-cart'),
    address: '127.0.0.1',
  };
  await Promise.all([writeShop(shop.dir, 'main'), writeApi(api.dir)]);
  const [shopProblem, apiProblem] = await Promise.all([initRepo(git, shop.dir), initRepo(git, api.dir)]);
  const problem = shopProblem ?? apiProblem ?? (await addWorktree(git, shop.dir, cart.dir, 'new-cart'));
  if (problem !== undefined) {
    const note = `The demo’s third app, a git worktree, is left out: ${problem}`;
    await rm(cart.dir, { recursive: true, force: true });
    return { projects: [shop, api], notes: [note] };
  }
  await writeShop(cart.dir, 'new-cart');
  await commitAll(git, cart.dir);
  return { projects: [shop, api, cart], notes: [] };
}

/** Start all at once; when one fails the others are ended, too. */
async function startAll(projects: readonly Project[], { env }: DemoOptions): Promise<DemoProcess[]> {
  const starts = await Promise.allSettled(projects.map(({ dir, address }) => startDemoProcess(dir, address, env)));
  const failed = starts.find((start) => start.status === 'rejected');
  const started = starts.filter((start) => start.status === 'fulfilled').map((start) => start.value);
  if (failed === undefined) return started;
  await Promise.all(started.map((one) => one.stop()));
  throw failed.reason;
}

function addressOf(one: DemoProcess | undefined): Pick<DemoApp, 'address' | 'port' | 'pid'> {
  return { address: one?.address ?? '', port: one?.port ?? 0, pid: one?.pid ?? 0 };
}

/** One that was killed could not remove its own. */
async function emptyFolder(folder: string): Promise<string> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  await mkdir(folder, { recursive: true });
  return realpath(folder);
}

async function removeFolder(root: string, { log }: DemoOptions): Promise<void> {
  await rm(root, { recursive: true, force: true, maxRetries: 5 }).catch((error: unknown) => {
    log.warn({ err: error, folder: root }, 'The folder of the sample apps could not be removed');
  });
}
