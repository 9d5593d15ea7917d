/**
 * The thread that scans, seen from the main thread: started when needed, kept (it costs 8 MB, and its start 60 ms),
 * replaced when it crashes or hangs.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { AppError, messageOf } from '../core/errors.ts';
import type { Snapshot } from '../core/service.ts';
import type { Backend, ScanOptions } from './scan.ts';
import { type PackedSnapshot, SnapshotUnpacker } from './snapshot-transfer.ts';

/** What the thread is started with. */
export interface ScanThreadData {
  options: ScanOptions;
}

/** The thread's answer to a question. */
export interface ScanReply {
  id: number;
  packed: PackedSnapshot;
}

/** Limits of the thread. */
export interface ScanThreadLimits {
  /** A scan that takes longer is given up, with its thread. */
  timeoutMs: number;
}

/**
 * Threads that may hang at once. Each holds its memory, and one more would most likely hang in the same read; a second
 * one shows whether the first was unlucky.
 */
const MAX_ABANDONED = 2;

const SCAN_TIMEOUT_MS = 10_000;

/** How long closing waits for a thread that may be in the middle of a read. */
const CLOSE_TIMEOUT_MS = 1_000;

interface Question {
  id: number;
  resolve: (snapshot: Snapshot) => void;
  reject: (error: AppError) => void;
  timer: NodeJS.Timeout;
  /** Was it asked of a thread before, which ended without an answer? */
  isRepeated: boolean;
}

/** Beside this file: `scan.worker.ts` as source, `scan.worker.js` beside a bundle. */
function workerUrl(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './scan.worker.ts' : './scan.worker.js', import.meta.url);
}

/** One thread at a time; one question at a time is what its user asks, more are answered in order. */
export class ScanThread {
  readonly #options: ScanOptions;
  readonly #limits: ScanThreadLimits;
  readonly #url: URL;
  readonly #questions = new Map<number, Question>();
  /** Threads that were given up and did not end yet. */
  readonly #abandoned = new Set<Worker>();
  #worker: Worker | undefined;
  #lastId = 0;

  /**
   * The thread of this program.
   * @param ownPids our own processes beside this one
   */
  static ofOurs(backend: Backend = 'auto', ownPids: readonly number[] = []): ScanThread {
    const options = { backend, ownPids: [process.pid, ...ownPids], ownScript: process.argv[1] };
    return new ScanThread(options, { timeoutMs: SCAN_TIMEOUT_MS });
  }

  /** @param url of the thread's code; given by tests */
  constructor(options: ScanOptions, limits: ScanThreadLimits, url: URL = workerUrl()) {
    this.#options = options;
    this.#limits = limits;
    this.#url = url;
  }

  /**
   * A scan that starts now (or after the one that runs).
   * @throws {AppError} DISCOVERY_FAILED when it takes too long, when the thread crashed twice over it, or at once while
   *   two threads hang
   */
  scan(): Promise<Snapshot> {
    if (!this.#worker && this.#abandoned.size >= MAX_ABANDONED) return Promise.reject(this.#hanging());
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      const timer = setTimeout(() => this.#giveUp(), this.#limits.timeoutMs);
      this.#questions.set(id, { id, resolve, reject, timer, isRepeated: false });
      this.#ask(id);
    });
  }

  /** Let it get ready before the first question. It does not keep the process alive. */
  warmUp(): void {
    this.#worker ??= this.#start();
    this.#worker.unref();
  }

  #hanging(): AppError {
    return new AppError(
      'DISCOVERY_FAILED',
      `what runs on this machine is not looked for: ${MAX_ABANDONED} scans hang in reads that do not come back. It goes on when one of them ends`,
      { hint: 'look for a network file system whose server is gone ("mount" lists them) and unmount it ("umount -l")' },
    );
  }

  /** End the thread; questions that it had not answered fail. A thread that hangs is waited for 1 s. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#failAll(new AppError('DISCOVERY_FAILED', 'the scan was interrupted: discovery is closed'));
    if (worker) await Promise.race([worker.terminate(), delay(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
  }

  #ask(id: number): void {
    this.#worker ??= this.#start();
    // Only while somebody waits may the thread keep the process alive.
    this.#worker.ref();
    this.#worker.postMessage(id);
  }

  #start(): Worker {
    const workerData: ScanThreadData = { options: this.#options };
    const worker = new Worker(this.#url, { name: 'hostwise-scan', workerData });
    const unpacker = new SnapshotUnpacker();
    let crash: unknown;
    worker.on('message', (reply: ScanReply) => {
      this.#settle(reply.id, unpacker.unpack(reply.packed));
    });
    worker.on('error', (error) => {
      crash = error;
    });
    worker.on('exit', () => {
      this.#abandoned.delete(worker);
      if (this.#worker === worker) this.#replace(crash);
    });
    return worker;
  }

  #settle(id: number, snapshot: Snapshot): void {
    const question = this.#questions.get(id);
    if (!question) return;
    this.#forget(question);
    question.resolve(snapshot);
  }

  /** The thread crashed. Each question is asked again once. */
  #replace(crash: unknown): void {
    this.#worker = undefined;
    for (const question of [...this.#questions.values()]) {
      if (question.isRepeated) {
        this.#forget(question);
        const why = crash === undefined ? 'the scan thread ended' : messageOf(crash);
        question.reject(new AppError('DISCOVERY_FAILED', `the scan failed: ${why}`, { cause: crash }));
      } else {
        question.isRepeated = true;
        this.#ask(question.id);
      }
    }
  }

  /** A read that hangs (a dead network file system) cannot be called back: leave the thread to it. */
  #giveUp(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker) {
      this.#abandoned.add(worker);
      worker.unref();
      void worker.terminate();
    }
    this.#failAll(new AppError('DISCOVERY_FAILED', `the scan took longer than ${this.#limits.timeoutMs} ms`));
  }

  #failAll(error: AppError): void {
    for (const question of [...this.#questions.values()]) {
      this.#forget(question);
      question.reject(error);
    }
  }

  #forget(question: Question): void {
    clearTimeout(question.timer);
    this.#questions.delete(question.id);
    if (this.#questions.size === 0) this.#worker?.unref();
  }
}
