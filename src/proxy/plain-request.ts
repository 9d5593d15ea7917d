/** A request of the plain client: what undici's pool would take, told of by undici's events. */
import type { Dispatcher } from 'undici';

/** Those that undici would parse: nobody reads them, the raw ones are passed on. */
export const NO_HEADERS = Object.freeze({});

/** What a request may ask of the connection that it is under way on. */
export interface Carrier {
  /** It is over before its answer is. */
  giveUp(error: Error): void;
  pause(): void;
  resume(): void;
}

/** See the file's header: where a request comes from is the same to the one who waits for its answer. */
export class PlainRequest implements Dispatcher.DispatchController {
  readonly head: string;
  readonly handler: Dispatcher.DispatchHandler;
  aborted = false;
  paused = false;
  reason: Error | null = null;
  rawHeaders: string[] | null = null;
  rawTrailers: string[] | null = null;
  /** While it is under way. */
  connection: Carrier | undefined = undefined;
  isOver = false;

  constructor(head: string, handler: Dispatcher.DispatchHandler) {
    this.head = head;
    this.handler = handler;
  }

  abort(reason: Error): void {
    if (this.isOver) return;
    this.aborted = true;
    this.reason = reason;
    this.connection?.giveUp(reason);
    this.fail(reason);
  }
  pause(): void {
    if (this.isOver) return;
    this.paused = true;
    this.connection?.pause();
  }
  resume(): void {
    if (this.isOver) return;
    this.paused = false;
    this.connection?.resume();
  }
  /** Its answer is complete. */
  succeed(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.connection = undefined;
    try {
      this.handler.onResponseEnd?.(this, NO_HEADERS);
    } catch (error) {
      // Trailers that cannot be sent on.
      this.handler.onResponseError?.(this, error as Error);
    }
  }
  /** No answer, or half of one. */
  fail(error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.connection = undefined;
    this.handler.onResponseError?.(this, error);
  }
}
