/**
 * `/_hostwise/wait` (SSE) on an app's hostname: what its waiting page listens to. The page stands where foreign code
 * runs, so this says no more than the page itself does: names and states of that one hostname. No control data, no
 * other hostname, and no more streams than the watch allows.
 */
import { AppError } from '../core/errors.ts';
import type { WaitNews } from '../core/wait.ts';
import { errorAnswer } from './answers.ts';
import type { CallContext } from './env.ts';
import { MethodError } from './env.ts';
import { isOwnPage } from './guard.ts';
import type { ControlParts } from './parts.ts';

/** Between two signs of life: proxies and browsers give up on silent streams. */
const BEAT_MS = 15_000;
/** Nobody waits so long in front of a page; one that does connects again by itself. */
const LONGEST_MS = 10 * 60_000;
/** How long a browser waits before it connects again, ms. */
const RETRY_MS = 2_000;

/** The answer, complete or a stream. @throws {MethodError} for anything but GET */
export function waitAnswer({ waits }: ControlParts, call: Omit<CallContext, 'caller'>, path: string): Response {
  const { incoming, hostname, origin } = call;
  const method = incoming.method ?? 'GET';
  if (method !== 'GET') throw new MethodError(method, ['GET']);
  if (!isOwnPage(incoming.headers, origin)) {
    return errorAnswer(new AppError('API_FORBIDDEN', 'Only the page that waits may listen here'), path, 'text');
  }
  const stream = waitStream(waits, hostname);
  if (stream) return new Response(stream, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } });
  return errorAnswer(new AppError('API_BUSY', 'Too many pages wait already'), path, 'text');
}

function waitStream(waits: ControlParts['waits'], hostname: string): ReadableStream<Uint8Array> | undefined {
  const encoder = new TextEncoder();
  const stops: (() => void)[] = [];
  const stop = (): void => {
    for (const one of stops.splice(0)) one();
  };
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let latest: WaitNews | undefined;
  const send = (text: string): void => {
    try {
      // Who does not read gets the next change, not a backlog.
      if ((controller?.desiredSize ?? 0) > 0) controller?.enqueue(encoder.encode(text));
    } catch {
      // Closed in the same moment.
      stop();
    }
  };
  const end = (): void => {
    stop();
    controller?.close();
    controller = undefined;
  };
  const tell = (news: WaitNews): void => {
    latest = news;
    send(`data: ${JSON.stringify(news)}\n\n`);
    // Nothing more comes: a page that stays connected would only take another's place.
    if (controller && (news.kind === 'ready' || news.kind === 'choose')) end();
  };
  const unlisten = waits.listen(hostname, tell);
  if (!unlisten) return undefined;
  stops.push(unlisten);
  return new ReadableStream(
    {
      start: (made) => {
        controller = made;
        send(`retry: ${RETRY_MS}\n\n`);
        if (latest) tell(latest);
        if (!controller) return;
        // The latest again, for whoever missed it.
        const beat = setInterval(() => (latest ? tell(latest) : send(': still here\n\n')), BEAT_MS);
        const limit = setTimeout(end, LONGEST_MS);
        stops.push(
          () => clearInterval(beat),
          () => clearTimeout(limit),
        );
      },
      cancel: stop,
    },
    { highWaterMark: 8 },
  );
}
