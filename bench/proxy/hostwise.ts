/** hostwise as people start it: the bundle, its defaults, both upstreams in its mappings. No LLM, no Docker. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, waitForPort } from './ports.ts';
import { ProcessGroup } from './process-group.ts';
import { NODE_HOST, type Target, type TargetParts, WEB_HOST } from './target.ts';

const BUNDLE = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** What may differ from the defaults. */
export interface HostwiseOptions {
  name?: string;
  /** Further mappings: hostname -> port. */
  mappings?: Readonly<Record<string, number>>;
  /** Further flags of Node. */
  nodeFlags?: readonly string[];
  /** Another build's `main.js`, to compare two of them. */
  bundle?: string;
  /** Default: a new one. */
  dataDir?: string;
  /** For DOCKER_HOST; default: an engine that is not there. */
  dockerHost?: string;
}

/** Start it in a data folder of its own. */
export async function startHostwise(parts: TargetParts, options: HostwiseOptions = {}): Promise<Target> {
  const { target, listening } = await launchHostwise(parts, options);
  await listening;
  return target;
}

/** The same, when the process has been started: `listening` says when it accepts connections. */
export async function launchHostwise(
  { folder, upstream, cpu }: TargetParts,
  options: HostwiseOptions = {},
): Promise<{ target: Target; listening: Promise<void> }> {
  const { name = 'hostwise', mappings = {}, nodeFlags = [], bundle = BUNDLE, dockerHost } = options;
  const dataDir = options.dataDir ?? (await mkdtemp(path.join(folder, 'hostwise-')));
  const all = { [WEB_HOST]: upstream.web, [NODE_HOST]: upstream.node, ...mappings };
  const entries = Object.entries(all).map(([hostname, port]) => [hostname, mappingTo(port)]);
  await writeFile(path.join(dataDir, 'mappings.json'), JSON.stringify(Object.fromEntries(entries)));
  const [port, httpPort] = [await freePort(), await freePort()];
  const flags = ['--data-dir', dataDir, '--https-port', String(port), '--http-port', String(httpPort)];
  const args = [...nodeFlags, bundle, 'run', ...flags, '--resolve', 'names'];
  const env = { DOCKER_HOST: dockerHost ?? `unix://${path.join(folder, 'no-docker.sock')}` };
  const group = new ProcessGroup(cpu, process.execPath, args, { cwd: folder, env });
  const listening = waitForPort(port).catch((error: unknown) => {
    throw new Error(`hostwise did not start:\n${group.started.output()}`, { cause: error });
  });
  return { target: { name, port, group, stop: () => group.stop() }, listening };
}

function mappingTo(port: number): object {
  const createdAt = new Date(0).toISOString();
  return { type: 'process', target: 'localhost', port, createdAt, llmReason: '', source: 'user' };
}
