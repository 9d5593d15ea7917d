/**
 * Passes an answer on to the client as it comes, with back-pressure both ways. What may be a refusal of the Host, or of
 * plain text, is looked at first.
 */
import type { Dispatcher } from 'undici';
import { AppError } from '../core/errors.ts';
import type { HostChecker } from '../core/host-check.ts';
import { isNavigation } from '../core/page-format.ts';
import { disconnected } from './disconnected.ts';
import type { Exchange, Written } from './exchange.ts';
import { flatHeader } from './flat-headers.ts';
import { answerHeaders, type ForwardOptions, responseHeaders } from './headers.ts';
import { AnswerPeek, mayRefuseHost } from './host-refusal.ts';
import { PlainRequest } from './plain-request.ts';
import type { RequestBody } from './request-body.ts';
import { DialError, type ForwardResult } from './retry.ts';
import { giveBack, isSpare } from './spare-buffers.ts';
import { saysTlsIsWanted, WantsTls } from './talk.ts';
import type { Ways } from './ways.ts';

/** A page's answer that may refuse the Host is held for no longer: dev servers send these in one piece. */
const MAX_HOLD_MS = 250;

/** Pieces of large bodies; for others it would cost more than it saves. */
const RELEASED_BYTES = 4 * 1024;

/** See the file's header. Told of the answer by undici's events, wherever it comes from. */
export class AnswerRelay implements Dispatcher.DispatchHandler {
  readonly #exchange: Exchange;
  readonly #body: RequestBody | null;
  readonly #options: ForwardOptions;
  readonly #ways: Ways;
  readonly #finish: (result: ForwardResult) => void;
  /** Only for an answer that may refuse the Host. */
  #peek: AnswerPeek | undefined;
  /** Sends the head that is held back while a page's answer is looked at. */
  #heldStart: (() => void) | undefined;
  #holdTimer: NodeJS.Timeout | undefined;
  #refusedBy: HostChecker | undefined;
  #isPage = false;
  #silence: NodeJS.Timeout | undefined;
  #isOver = false;
  #mayWantTls = false;
  /** Spares that are being written. */
  #lent: Set<Buffer> | undefined;

  constructor(
    exchange: Exchange,
    body: RequestBody | null,
    options: ForwardOptions,
    ways: Ways,
    finish: (result: ForwardResult) => void,
  ) {
    this.#exchange = exchange;
    this.#body = body;
    this.#options = options;
    this.#ways = ways;
    this.#finish = finish;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Queued requests start late: the client may have left meanwhile.
    if (this.#exchange.gone) {
      controller.abort(new Error('The client left'));
      return;
    }
    this.#exchange.recording?.connected();
    this.#exchange.onGone(() => controller.abort(new Error('The client left')));
    if (this.#ways.talk.isProven || this.#body !== null) return;
    this.#silence = setTimeout(() => void this.#wonder(controller), this.#ways.questions.askAfterMs);
  }

  /** It has never said a word: is it a web server that takes its time, or something that waits for other words? */
  async #wonder(controller: Dispatcher.DispatchController): Promise<void> {
    // It may have spoken meanwhile, to this request or another.
    if (this.#ways.talk.isProven || (await this.#ways.questions.answersHttp())) return;
    if (this.#isOver || this.#exchange.answered || this.#ways.talk.isProven) return;
    controller.abort(new AppError('UPSTREAM_SILENT', 'It accepts connections and says nothing'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _headers: unknown, message = ''): void {
    clearTimeout(this.#silence);
    const raw = (controller.rawHeaders ?? []) as (Buffer | string)[];
    if (status >= 100 && status < 200) this.#exchange.inform(status, responseHeaders(raw, this.#options));
    else this.#start(controller, status, message, answerHeaders(raw, this.#options));
  }

  #start(controller: Dispatcher.DispatchController, status: number, message: string, headers: string[]): void {
    const length = flatHeader(headers, 'content-length');
    const { talk } = this.#ways;
    if (mayRefuseHost(status, headers, length)) {
      this.#mayWantTls = status === 400 && talk.isOpen;
      this.#isPage = isNavigation(this.#exchange.method, (name) => this.#exchange.header(name));
      this.#peek = new AnswerPeek(status);
      if (this.#isPage || this.#mayWantTls) {
        this.#heldStart = () => this.#exchange.respond(status, message, headers, length === undefined);
        this.#holdTimer = setTimeout(() => this.#release(controller), MAX_HOLD_MS);
        return;
      }
    }
    talk.answers();
    this.#exchange.respond(status, message, headers, length === undefined);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#peek !== undefined && this.#isKept(controller, this.#peek, chunk)) return;
    this.#pass(controller, chunk);
  }

  /** Look at the next piece of an answer. @returns true when it is not to be sent on now */
  #isKept(controller: Dispatcher.DispatchController, peek: AnswerPeek, chunk: Buffer): boolean {
    // What comes behind a refusal.
    if (this.#refusedBy !== undefined) return this.#heldStart !== undefined;
    this.#refusedBy = peek.add(chunk);
    const isHeld = this.#heldStart !== undefined;
    if (isHeld && this.#mayWantTls && saysTlsIsWanted(peek.text)) {
      controller.abort(new WantsTls());
    } else if (this.#refusedBy !== undefined && isHeld && this.#isPage) {
      clearTimeout(this.#holdTimer);
      this.#finish({ kind: 'refused', refusedBy: this.#refusedBy });
      controller.abort(new Error('The Host was refused'));
    } else if (peek.isFull || (this.#refusedBy !== undefined && isHeld)) this.#release(controller);
    return isHeld;
  }

  /** It is an ordinary answer, or too slow to wait for: what was held goes on its way. */
  #release(controller: Dispatcher.DispatchController): void {
    clearTimeout(this.#holdTimer);
    this.#ways.talk.answers();
    const chunks = this.#heldStart === undefined ? [] : (this.#peek?.chunks ?? []);
    this.#peek = undefined;
    this.#heldStart?.();
    this.#heldStart = undefined;
    for (const chunk of chunks) this.#pass(controller, chunk);
  }

  /** A client that is slower than the upstream is waited for. */
  #pass(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const isOurs = this.#peek === undefined && controller instanceof PlainRequest;
    if (this.#exchange.write(chunk, isOurs ? this.#whenWritten(chunk) : undefined)) return;
    controller.pause();
    this.#exchange.onceDrained(() => controller.resume());
  }

  /** What becomes of a piece that nobody else has. */
  #whenWritten(chunk: Buffer): Written | undefined {
    if (isSpare(chunk)) return this.#lend(chunk);
    return chunk.length < RELEASED_BYTES ? undefined : releasing(chunk);
  }

  /** A spare comes back in every case, and once: at the latest when the exchange is over. */
  #lend(spare: Buffer): Written {
    const lent = this.#lent ?? new Set();
    if (!this.#lent) {
      this.#lent = lent;
      // Node lets go of what a closed HTTP/2 stream had still to send at the end of the turn.
      this.#exchange.onClose(() => setImmediate(giveAllBack, lent));
    }
    lent.add(spare);
    return (error) => {
      if (!error && lent.delete(spare)) giveBack(spare);
    };
  }

  get #isRefused(): boolean {
    return this.#refusedBy !== undefined && this.#isPage && this.#heldStart !== undefined;
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (this.#isRefused) return;
    if (this.#ways.failing.isNow) {
      this.onResponseError(controller, disconnected());
      return;
    }
    if (this.#heldStart !== undefined) this.#release(controller);
    const trailers = controller.rawTrailers as (Buffer | string)[] | null;
    this.#exchange.end(trailers && trailers.length > 0 ? responseHeaders(trailers) : undefined);
    this.#finish(this.#refusedBy === undefined ? { kind: 'done' } : { kind: 'done', refusedBy: this.#refusedBy });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    clearTimeout(this.#holdTimer);
    clearTimeout(this.#silence);
    this.#isOver = true;
    if (this.#isRefused) return;
    if (this.#exchange.gone) this.#finish({ kind: 'done' });
    else if (this.#exchange.answered) {
      this.#ways.talk.answers();
      this.#exchange.recording?.brokeOff();
      this.#exchange.abort();
      this.#finish({ kind: 'done' });
    } else if (error instanceof DialError && !this.#body?.started) this.#finish({ kind: 'unsent', error });
    else {
      this.#ways.talk.takesBodies &&= this.#body === null;
      this.#finish({ kind: 'unanswered', error, spoke: this.#ways.speaks });
    }
  }
}

function giveAllBack(lent: Set<Buffer>): void {
  for (const spare of lent) giveBack(spare);
  lent.clear();
}

function releasing(chunk: Buffer): Written {
  return (error) => {
    if (!error) giveBack(chunk);
  };
}
