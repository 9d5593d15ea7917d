/**
 * The scan thread's entry: scans when asked, answers in order, and ends itself when nobody asks any more.
 * A thread costs 9 MB; what it remembers goes to the main thread when it ends, and from there to the next thread.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Scanner } from './scan.ts';
import type { ScanReply, ScanThreadData } from './scan-thread.ts';
import { SnapshotPacker } from './snapshot-transfer.ts';

// Files that vanish or may not be read are ordinary here: a stack trace each would be most of the cost.
Error.stackTraceLimit = 0;

const { options, memory, idleMs }: ScanThreadData = workerData;
const scanner = new Scanner(options, memory);
const packer = new SnapshotPacker();
let idleTimer: NodeJS.Timeout | undefined;
let previous: Promise<void> = Promise.resolve();

async function answer(id: number): Promise<void> {
  clearTimeout(idleTimer);
  say({ id, packed: packer.pack(await scanner.scan()) });
  idleTimer = setTimeout(end, idleMs);
}

function end(): void {
  say({ memory: scanner.memory });
  parentPort?.close();
}

function say(reply: ScanReply): void {
  parentPort?.postMessage(reply);
}

parentPort?.on('message', (id: number) => {
  previous = previous.then(() => answer(id));
});
