/** What runs on this machine: as the running daemon sees it, else by a look of our own, or from a file. */
import { createReadStream } from 'node:fs';
import { maskDeep } from '../api/mask.ts';
import type { Settings } from '../config/settings.ts';
import { AppError, messageOf, systemCode } from '../core/errors.ts';
import { issuesText } from '../core/mapping.ts';
import { type Snapshot, snapshotSchema } from '../core/service.ts';
import { Discovery } from '../discovery/snapshot.ts';
import { homeFolder } from '../platform/paths.ts';
import { shownHosts } from '../resolve/hostnames.ts';
import type { ApiClient } from './api-client.ts';
import type { CliContext } from './context.ts';

/** A machine with 50,000 processes fits. */
const MAX_SNAPSHOT_BYTES = 64 * 1024 * 1024;

/** What was found. */
export interface Seen {
  /** Each service with its `hostname`; secrets in command lines are masked. */
  snapshot: Snapshot;
  hostnames: ReadonlyMap<string, string>;
  /** The daemon that was asked; undefined when none runs. */
  daemon: ApiClient | undefined;
}

/** For showing. @throws {AppError} DAEMON_UNREACHABLE */
export async function lookAround(context: CliContext, settings: Settings): Promise<Seen> {
  const daemon = await context.daemon(settings);
  if (daemon) {
    const snapshot = await daemon.services();
    return { snapshot, hostnames: saidHostnames(snapshot), daemon };
  }
  const own = await ownScan(context, settings);
  const hostnames = shownHosts(own, settings.domains);
  return { snapshot: withHostnames(own, hostnames), hostnames, daemon };
}

/** One scan of our own, as discovered. Never rejects: what could not be seen is a warning in it. */
export async function ownScan(context: CliContext, settings: Settings): Promise<Snapshot> {
  const discovery = new Discovery({
    log: context.quietLog(settings),
    ownPids: [process.pid],
    docker: { dockerHost: settings.dockerHost, env: context.env, home: homeFolder(context.env) },
    composeProject: settings.composeProject,
  });
  try {
    return await discovery.refresh();
  } finally {
    await discovery.close();
  }
}

function withHostnames(snapshot: Snapshot, hostnames: ReadonlyMap<string, string>): Snapshot {
  const named = <T extends { id: string }>(service: T): T => {
    const hostname = hostnames.get(service.id);
    return { ...maskDeep(service), ...(hostname === undefined ? {} : { hostname }) };
  };
  return {
    ...snapshot,
    processes: snapshot.processes.map(named),
    containers: snapshot.containers.map(named),
  };
}

function saidHostnames({ processes, containers }: Snapshot): Map<string, string> {
  const hostnames = new Map<string, string>();
  for (const { id, hostname } of [...processes, ...containers]) {
    if (typeof hostname === 'string') hostnames.set(id, hostname);
  }
  return hostnames;
}

/**
 * A snapshot from a file, as `services --json` prints it; a pipe is fine.
 * @throws {AppError} DISCOVERY_BAD_SNAPSHOT
 */
export async function readSnapshotFile(file: string): Promise<Snapshot> {
  const parsed = snapshotSchema.safeParse(parseJson(file, await readText(file)));
  if (parsed.success) return parsed.data;
  throw badSnapshot(file, `is not a snapshot: ${issuesText(parsed.error)}`);
}

async function readText(file: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_SNAPSHOT_BYTES) throw badSnapshot(file, `is larger than ${MAX_SNAPSHOT_BYTES / 1024 / 1024} MB`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw badSnapshot(file, `cannot be read: ${READ_ERRORS[systemCode(error) ?? ''] ?? messageOf(error)}`, error);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const READ_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
};

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badSnapshot(file, `is not JSON: ${messageOf(error)}`, error);
  }
}

function badSnapshot(file: string, reason: string, cause?: unknown): AppError {
  return new AppError('DISCOVERY_BAD_SNAPSHOT', `The snapshot "${file}" ${reason}`, {
    hint: 'make one with: hostwise services --json > snapshot.json',
    ...(cause === undefined ? {} : { cause }),
  });
}
