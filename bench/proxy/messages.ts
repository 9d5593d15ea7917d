/** WebSocket messages there and back. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { NODE_HOST, type Target } from './target.ts';

const CONNECTIONS = 8;
/** Messages under way on each. */
const WINDOW = 16;
const MESSAGE = Buffer.alloc(128, 'x');

/** What one run found; a message is one that came back. */
export interface MessageFigures {
  perSecond: number;
  cpuUsPerMessage: number;
}

/** 8 connections over HTTP/1.1 with TLS, 16 messages of 128 bytes under way on each. */
export async function echoMessages({ port, group }: Target, seconds: number): Promise<MessageFigures> {
  let count = 0;
  const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => connect(port)));
  const before = group.cpuMs();
  const startedAt = performance.now();
  for (const socket of sockets) {
    socket.on('message', () => {
      count++;
      socket.send(MESSAGE);
    });
    for (let i = 0; i < WINDOW; i++) socket.send(MESSAGE);
  }
  await delay(seconds * 1000);
  const perSecond = count / ((performance.now() - startedAt) / 1000);
  const cpuUsPerMessage = ((group.cpuMs() - before) * 1000) / count;
  for (const socket of sockets) socket.terminate();
  return { perSecond, cpuUsPerMessage };
}

async function connect(port: number): Promise<WebSocket> {
  const options = {
    headers: { host: `${NODE_HOST}:${port}` },
    servername: NODE_HOST,
    rejectUnauthorized: false,
    perMessageDeflate: false,
  };
  const socket = new WebSocket(`wss://127.0.0.1:${port}/echo`, options);
  await once(socket, 'open');
  return socket;
}
