/** The one question to a port that has not said a word: does it speak HTTP at all? */
import type { Socket } from 'node:net';

/** Does nothing, and every HTTP server answers it, be it with an error (RFC 9110 section 9.3.7). */
const QUESTION = (host: string): string => `OPTIONS * HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

/**
 * Ask on a connection of its own.
 * @param open a proven connection
 * @returns false: it said nothing in this time, or something else
 */
export async function answersHttp(open: () => Promise<Socket>, host: string, timeoutMs: number): Promise<boolean> {
  const socket = await open().catch(() => undefined);
  if (!socket) return false;
  return new Promise((resolve) => {
    const settle = (isHttp: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(isHttp);
    };
    const timer = setTimeout(() => settle(false), timeoutMs);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (text.length >= 5) settle(text.startsWith('HTTP/'));
    });
    socket.once('close', () => settle(false));
    socket.write(QUESTION(host), 'latin1');
  });
}
