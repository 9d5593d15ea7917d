/** `npm run bench [-- options]`: hostwise beside nginx, Caddy, node:http and http-proxy-3. Prints markdown. */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, release, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { table } from '../discovery/figures.ts';
import { namesTimes } from '../discovery/names.ts';
import { manyMappings, startServices } from './crowd.ts';
import { firstVisits } from './first-visits.ts';
import { startHostwise } from './hostwise.ts';
import { echoMessages, type MessageFigures } from './messages.ts';
import { goBeforeOthers, pinOurselves } from './process-group.ts';
import { overHttp1, overHttp2, type RequestFigures } from './requests.ts';
import { RIVALS, startRival } from './rivals.ts';
import { type Column, REFERENCE, rounds } from './rounds.ts';
import { startTimes } from './start-time.ts';
import type { Target, TargetParts } from './target.ts';
import { buildBundle, installHttpProxy3, makeCertificate, requirePrograms } from './tools.ts';
import { type TransferFigures, transfer } from './transfers.ts';
import { startUpstreams } from './upstreams.ts';

const { values } = parseArgs({
  options: {
    /** Of h1, h2, ws, transfer, memory, visit, many, start, names. `large` (8 GiB) only when it is named. */
    only: { type: 'string', default: 'h1,h2,ws,transfer,memory,visit,many,start,names' },
    rounds: { type: 'string', default: '5' },
    /** Names of proxies; default all. */
    targets: { type: 'string', default: '' },
    /** One round of a second each: does it work at all? */
    quick: { type: 'boolean', default: false },
    /** Let the system choose processors. */
    'no-pin': { type: 'boolean', default: false },
    /** On a busy machine: our sessions go before those of others. Needs root. */
    first: { type: 'boolean', default: false },
  },
});
const parts = values.only.split(',');
const count = values.quick ? 1 : Math.max(1, Number(values.rounds));
const seconds = values.quick ? 1 : 4;
const isPinned = !values['no-pin'] && cpus().length > 1;
const GIB = 2 ** 30;

requirePrograms();
installHttpProxy3();
buildBundle();
const [clientCpu, proxyCpu] = isPinned ? [0, 1] : [undefined, undefined];
if (clientCpu !== undefined) pinOurselves(clientCpu);
if (values.first) goBeforeOthers();
const [cpu] = cpus();
console.log(
  `${new Date().toISOString()}, Node ${process.version}, Linux ${release()}, ${cpus().length} x ${cpu?.model}, ` +
    `${count} rounds, ${isPinned ? 'proxies on one processor, clients and upstreams on another' : 'not pinned'}\n`,
);

const folder = await mkdtemp(path.join(tmpdir(), 'hostwise-bench-'));
const large = { file: '', bytes: parts.includes('large') ? 8 * GIB : GIB };
const upstreams = await startUpstreams(folder, large.bytes, clientCpu);
large.file = upstreams.largeFile;
const targetParts: TargetParts = { folder, upstream: upstreams, ...makeCertificate(folder), cpu: proxyCpu };
function say(title: string, text: string): void {
  const load = loadavg().map((one) => one.toFixed(1));
  console.log(`### ${title} (load ${load.join(' ')})\n\n${text}\n`);
}

const REQUEST_COLUMNS: Column<RequestFigures>[] = [
  { head: 'requests/s', figure: 'perSecond', ratiosTo: ['nginx', 'caddy'] },
  { head: 'p50 ms', figure: 'p50Ms' },
  { head: 'p99 ms', figure: 'p99Ms' },
  { head: 'CPU us/request', figure: 'cpuUsPerRequest', ratiosTo: ['nginx'] },
  { head: 'VmRSS MB', figure: 'rssMb' },
];
const MESSAGE_COLUMNS: Column<MessageFigures>[] = [
  { head: 'messages/s', figure: 'perSecond', ratiosTo: ['nginx'] },
  { head: 'CPU us/message', figure: 'cpuUsPerMessage', ratiosTo: ['nginx'] },
];
const TRANSFER_COLUMNS: Column<TransferFigures>[] = [
  { head: 'MB/s', figure: 'perSecond', ratiosTo: ['nginx'] },
  { head: 'CPU ms/GB', figure: 'cpuMsPerGb', ratiosTo: ['nginx'] },
  { head: 'VmRSS growth MB', figure: 'rssGrowthMb' },
];

/** Everything in which the others can be compared with. */
async function besideOthers(): Promise<void> {
  if (!['h1', 'h2', 'ws', 'transfer', 'memory', 'large'].some((part) => parts.includes(part))) return;
  const wanted = values.targets === '' ? undefined : values.targets.split(',');
  const targets: Target[] = [];
  try {
    for (const [name, start] of RIVALS) {
      if (wanted?.includes(name) !== false) targets.push(await startRival(name, start, targetParts));
    }
    if (wanted?.includes('hostwise') !== false) targets.push(await startHostwise(targetParts));
    await compare(targets);
  } finally {
    await Promise.all(targets.map((target) => target.stop()));
  }
}

async function compare(targets: readonly Target[]): Promise<void> {
  await delay(2000);
  const idle = targets.map(({ name, group }) => [name, group.rssMb().toFixed(0)]);
  if (parts.includes('memory')) say('VmRSS before any load', table(['', 'MB'], idle));
  if (parts.includes('h1')) {
    const measure = (target: Target) => overHttp1(target, seconds, folder);
    say('HTTP/1.1, TLS, 1 KiB, 32 connections', await rounds(targets, count, REQUEST_COLUMNS, measure));
  }
  if (parts.includes('h2')) {
    const measure = (target: Target) => overHttp2(target, seconds, folder);
    say('HTTP/2, TLS, 1 KiB, 4 x 16 streams', await rounds(targets, count, REQUEST_COLUMNS, measure));
  }
  if (parts.includes('ws')) {
    const measure = (target: Target) => echoMessages(target, seconds);
    say('WebSocket, TLS, 128 bytes there and back', await rounds(targets, count, MESSAGE_COLUMNS, measure));
  }
  if (parts.includes('transfer') || parts.includes('large')) await compareTransfers(targets);
}

async function compareTransfers(targets: readonly Target[]): Promise<void> {
  // http-proxy-3 and plain node:http take long, and 8 GiB are about nginx and memory.
  const few = parts.includes('large') ? targets.filter(({ name }) => name === 'nginx' || name === 'hostwise') : targets;
  for (const version of ['h1', 'h2'] as const) {
    for (const direction of ['down', 'up'] as const) {
      const measure = (target: Target) => transfer(target, version, direction, large);
      const found = await rounds(few, Math.min(count, 3), TRANSFER_COLUMNS, measure);
      say(`${large.bytes / GIB} GiB ${direction}, ${version}`, found);
    }
  }
}

/** What only hostwise does. */
async function alone(): Promise<void> {
  if (parts.includes('visit')) say('First visit, 20 projects', await firstVisits(targetParts));
  if (parts.includes('start')) say('Start', await startTimes(targetParts, values.quick ? 2 : 9));
  if (parts.includes('names')) say('Names of 1,000 services', await namesTimes(count));
  if (parts.includes('many')) await amongMany();
}

async function amongMany(): Promise<void> {
  const services = await startServices(folder, clientCpu);
  const mappings = manyMappings(upstreams.web);
  const targets: Target[] = [];
  try {
    targets.push(await startHostwise(targetParts, { name: REFERENCE }));
    targets.push(await startHostwise(targetParts, { mappings }));
    const measure = (target: Target) => overHttp2(target, seconds, folder);
    say('10,000 mappings and 1,000 services, HTTP/2', await rounds(targets, count, REQUEST_COLUMNS, measure));
  } finally {
    await Promise.all(targets.map((target) => target.stop()));
    await services.stop();
  }
}

try {
  await besideOthers();
  await alone();
} finally {
  await upstreams.stop();
  await rm(folder, { recursive: true, force: true });
}
