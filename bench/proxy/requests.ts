/** Many small requests: wrk for HTTP/1.1, h2load for HTTP/2. */
import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Target, WEB_HOST } from './target.ts';

const run = promisify(execFile);

/** What one run found. */
export interface RequestFigures {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Processor time of the proxy, user and system. */
  cpuUsPerRequest: number;
  /** VmRSS at the end, with the load just over. */
  rssMb: number;
}

/** Names under `.localhost` are in no DNS; this is how wrk is told where they are. */
const WRK_SCRIPT = 'wrk.resolve = function(host, service) wrk.addrs = wrk.lookup("127.0.0.1", service) end\n';

/** 32 connections, 1 KiB. @throws when an answer is not a 2xx */
export async function overHttp1(target: Target, seconds: number, folder: string): Promise<RequestFigures> {
  const script = path.join(folder, 'resolve.lua');
  await writeFile(script, WRK_SCRIPT);
  const args = ['-s', script, '-t1', '-c32', `-d${seconds}`, '--latency', urlOf(target)];
  return measured(target, async () => {
    const { stdout } = await run('wrk', args);
    const bad = /Non-2xx or 3xx responses.*|Socket errors.*/.exec(stdout);
    if (bad) throw new Error(`${target.name}: ${bad[0]}`);
    const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
    const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
    return { requests, perSecond, p50Ms: percentile(stdout, '50%'), p99Ms: percentile(stdout, '99%') };
  });
}

/** 4 connections with 16 streams each, 1 KiB. @throws when a request failed */
export async function overHttp2(target: Target, seconds: number, folder: string): Promise<RequestFigures> {
  const log = path.join(folder, 'h2load.log');
  const connect = `--connect-to=127.0.0.1:${target.port}`;
  const args = ['-c4', '-m16', '-t1', `-D${seconds}`, connect, `--log-file=${log}`, urlOf(target)];
  return measured(target, async () => {
    await rm(log, { force: true });
    const { stdout } = await run('h2load', args);
    const lines = (await readFile(log, 'latin1')).trimEnd().split('\n');
    const good = lines.filter((line) => line.split('\t')[1] === '200');
    // The last ones were under way when the time was over.
    if (good.length + 64 < lines.length || good.length === 0) throw new Error(`${target.name}:\n${stdout}`);
    const times = good.map((line) => Number(line.split('\t')[2]) / 1000).sort((a, b) => a - b);
    const at = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN;
    return { requests: good.length, perSecond: good.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
  });
}

function urlOf({ port }: Target): string {
  return `https://${WEB_HOST}:${port}/1k`;
}

async function measured(
  { group }: Target,
  work: () => Promise<{ requests: number } & Pick<RequestFigures, 'perSecond' | 'p50Ms' | 'p99Ms'>>,
): Promise<RequestFigures> {
  const before = group.cpuMs();
  const { requests, ...figures } = await work();
  const rssMb = group.rssMb();
  return { ...figures, cpuUsPerRequest: ((group.cpuMs() - before) * 1000) / requests, rssMb };
}

/** wrk's `50%   71.00us`, in ms. */
function percentile(text: string, share: string): number {
  const [, value, unit = ''] = new RegExp(`${share}\\s+([\\d.]+)(us|ms|s)\\b`).exec(text) ?? [];
  return Number(value) * ({ us: 0.001, ms: 1, s: 1000 }[unit] ?? Number.NaN);
}
