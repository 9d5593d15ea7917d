/** An upgrade over HTTP/1.1, as the rest of the proxy sees it. */
import http from 'node:http';
import type { Socket } from 'node:net';
import { Http1Exchange } from './exchange-h1.ts';
import { type UpgradeExchange, upgradeProtocol } from './forward-upgrade.ts';
import type { WebSockets } from './websockets.ts';

/** How both sides of an upgrade are joined. Other protocols than WebSocket have no frames that we know. */
export function joiningTo(websockets: WebSockets, protocol: string): UpgradeExchange['joining'] {
  return (client, upstream, head) => {
    if (protocol === 'websocket') websockets.add(client, upstream, head);
  };
}

/** An upgrade has no response object of Node's; one is made, so that pages and rejections are framed by Node. */
export function http1Upgrade(
  request: http.IncomingMessage,
  socket: Socket,
  head: Buffer,
  websockets: WebSockets,
): UpgradeExchange {
  // The client may have said its last word before the app has answered.
  socket.allowHalfOpen = true;
  const response = new http.ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => socket.destroySoon());
  const protocol = upgradeProtocol(request) ?? 'websocket';
  return {
    exchange: new Http1Exchange(request, response),
    protocol,
    head,
    joining: joiningTo(websockets, protocol),
    accept: (headers, taken) => {
      response.detachSocket(socket);
      const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', `Upgrade: ${taken}`];
      for (let i = 0; i + 1 < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
      socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
      return socket;
    },
  };
}
