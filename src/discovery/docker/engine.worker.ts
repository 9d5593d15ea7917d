/**
 * The entry of the thread that talks with one engine: an engine's answers are of any size and cost, so they are read
 * here. It opens the view that it was started for, tells of its changes, and ends when it is told to.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, systemCode } from '../../core/errors.ts';
import type { EngineQuestion, EngineReply, EngineThreadData } from './engine-thread.ts';
import { EngineView } from './engine-view.ts';
import { StateSender } from './state-sender.ts';

const { address, env }: EngineThreadData = workerData;
let view: EngineView | undefined;
let taken: () => void = () => {};
let isTold = false;
const sender = new StateSender((change) => {
  say({ kind: 'change', change });
  return new Promise((resolve) => {
    taken = resolve;
  });
});

function say(reply: EngineReply): void {
  parentPort?.postMessage(reply);
}

async function open(): Promise<void> {
  try {
    view = await EngineView.open(address, { ...env }, tellSoon);
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    say({ kind: 'failed', message: messageOf(error), code: systemCode(cause) });
    return;
  }
  await sender.flush(view);
  say({ kind: 'opened' });
  const loss = await view.lost;
  await sender.flush(view);
  say({ kind: 'lost', loss });
}

/** Several changes at once (a whole compose project) are told of once. */
function tellSoon(): void {
  if (isTold) return;
  isTold = true;
  setImmediate(() => {
    isTold = false;
    // Before it is open the whole is told of at once.
    if (view) void sender.flush(view);
  });
}

async function answer(question: EngineQuestion): Promise<void> {
  switch (question.kind) {
    case 'taken':
      taken();
      return;
    case 'close':
      view?.close();
      parentPort?.close();
      return;
    case 'look':
      await view?.look();
      if (view) await sender.flush(view);
      say({ kind: 'answer', id: question.id, value: true });
      return;
    case 'log': {
      const { id, container, lines } = question;
      say({ kind: 'log', id, log: (await view?.log(container, lines)) ?? { problem: 'the engine is not there' } });
      return;
    }
    case 'holds': {
      const { id, container, dialled, port } = question;
      say({ kind: 'answer', id, value: (await view?.holds(container, dialled, port)) === true });
    }
  }
}

parentPort?.on('message', (question: EngineQuestion) => void answer(question));
void open();
