/**
 * The scan thread's entry: scans when asked, answers in order, and ends itself when nobody asks any more.
 * A thread costs 9 MB; what it remembers goes to the main thread with every answer and from there to the next thread.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Scanner } from './scan.ts';
import type { ScanReply, ScanThreadData } from './scan-thread.ts';

// Files that vanish or may not be read are ordinary here: a stack trace each would be most of the cost.
Error.stackTraceLimit = 0;

const { options, memory, idleMs }: ScanThreadData = workerData;
const scanner = new Scanner(options, memory);
let idleTimer: NodeJS.Timeout | undefined;
let previous: Promise<void> = Promise.resolve();

async function answer(id: number): Promise<void> {
  clearTimeout(idleTimer);
  const snapshot = await scanner.scan();
  const reply: ScanReply = { id, snapshot, memory: scanner.memory };
  parentPort?.postMessage(reply);
  idleTimer = setTimeout(() => parentPort?.close(), idleMs);
}

parentPort?.on('message', (id: number) => {
  previous = previous.then(() => answer(id));
});
