/**
 * The scan thread's entry: scans when asked, and answers in order.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Scanner } from './scan.ts';
import type { ScanReply, ScanThreadData } from './scan-thread.ts';
import { SnapshotPacker } from './snapshot-transfer.ts';

// Files that vanish or may not be read are ordinary here: a stack trace each would be most of the cost.
Error.stackTraceLimit = 0;

const { options }: ScanThreadData = workerData;
const scanner = new Scanner(options);
const packer = new SnapshotPacker();
let previous: Promise<void> = Promise.resolve();

async function answer(id: number): Promise<void> {
  const reply: ScanReply = { id, packed: packer.pack(await scanner.scan()) };
  parentPort?.postMessage(reply);
}

parentPort?.on('message', (id: number) => {
  previous = previous.then(() => answer(id));
});
