/** Upstream that reads a request's body and says how long it was, and echoes WebSocket messages. */
import http from 'node:http';
import { WebSocketServer } from 'ws';

const server = http.createServer((request, response) => {
  let length = 0;
  request.on('data', (chunk) => {
    length += chunk.length;
  });
  request.on('end', () => response.end(String(length)));
});
server.requestTimeout = 0;
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on('connection', (socket) => {
  socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }));
  socket.on('error', () => {});
});
server.listen(Number(process.argv[2]), '127.0.0.1');
