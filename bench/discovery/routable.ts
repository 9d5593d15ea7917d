/** From a server's `listen` to an answer that routes its name to it, with nobody asking in between. */
import { setTimeout as pause } from 'node:timers/promises';
import { median, short, table } from './figures.ts';
import type { BenchServer, Listening, Machine } from './machine.ts';
import { BenchProxy } from './proxy.ts';

interface Routed {
  atNs: string;
  asked: number;
  port: number;
}

interface Time {
  ms: number;
  /** How often it had to be asked. */
  asked: number;
}

const PAUSE_MS = 200;
/** Measured with one proxy: the first time after its start, and later. */
const TIMES_PER_PROXY = 3;

async function timeOf(proxy: BenchProxy, name: string, { port, atNs }: Listening): Promise<Time> {
  const routed = await proxy.ask<Routed>('route', `${name}.localhost`);
  if (routed.port !== port) throw new Error(`"${name}" was routed to ${routed.port} instead of ${port}`);
  return { ms: Number(BigInt(routed.atNs) - atNs) / 1e6, asked: routed.asked };
}

let lastName = 0;

/** A server that is started, and asked for when it listens. */
async function newProcess(machine: Machine, proxy: BenchProxy): Promise<Time> {
  const server = await machine.startServer(`fresh${++lastName}`);
  const time = await timeOf(proxy, server.name, server.first ?? { port: 0, atNs: 0n });
  await server.stop();
  return time;
}

/** A process that ran for long without a port. */
async function oldProcess(proxy: BenchProxy, server: BenchServer | undefined): Promise<Time> {
  if (!server) throw new Error('too few processes that wait');
  return timeOf(proxy, server.name, await server.listen());
}

/** How many processes that wait {@link routableTimes} needs; they are to be older than everything else. */
export function waitingNeeded(rounds: number): number {
  return rounds * TIMES_PER_PROXY;
}

/** Medians, the first time after the proxy's start apart. */
export async function routableTimes(machine: Machine, waiting: BenchServer[], rounds: number): Promise<string> {
  const rows: string[][] = [];
  for (const [what, measure] of [
    ['new process', (proxy: BenchProxy) => newProcess(machine, proxy)],
    ['old process opens a port', (proxy: BenchProxy) => oldProcess(proxy, waiting.pop())],
  ] as const) {
    const times: Time[][] = Array.from({ length: TIMES_PER_PROXY }, () => []);
    for (let i = 0; i < rounds; i++) {
      const proxy = await BenchProxy.start();
      await proxy.ask('refresh');
      for (const column of times) {
        await pause(PAUSE_MS);
        column.push(await measure(proxy));
      }
      await proxy.stop();
    }
    for (const [when, column] of [
      ['first', times[0] ?? []],
      ['later', times.slice(1).flat()],
    ] as const) {
      const ms = column.map((time) => time.ms);
      const asked = Math.max(...column.map((time) => time.asked));
      rows.push([what, when, short(median(ms)), short(Math.max(...ms)), String(asked)]);
    }
  }
  return table(['what', 'since the proxy’s start', 'median ms', 'longest ms', 'asked at most'], rows);
}
