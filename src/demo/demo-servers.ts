/** The servers of the sample apps as text: they are written to a folder, so a bundle needs no files beside it. */

/** Listen where DEMO_ADDRESS says, on any free port; tell the parent, and end with it. */
const LISTEN = `
let address = process.env.DEMO_ADDRESS || '127.0.0.1';
server.on('error', (error) => {
  // A machine without IPv6.
  if (address !== '::1' || (error.code !== 'EADDRNOTAVAIL' && error.code !== 'EAFNOSUPPORT')) throw error;
  address = '127.0.0.1';
  server.listen(0, address);
});
server.on('listening', () => process.send?.({ address, port: server.address().port }));
server.listen(0, address);
process.on('disconnect', () => process.exit());
// The terminal's Ctrl-C is for the parent, which ends us when it is done.
process.on('SIGINT', () => {});
`;

/** The page, its facts, and a stream of the time: one event a second. */
export const SHOP_SERVER = `import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const page = readFileSync('index.html');
const look = JSON.parse(readFileSync('look.json', 'utf8'));

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://demo');
  if (pathname === '/') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
  } else if (pathname === '/look.json') {
    const facts = { ...look, host: request.headers.host, address, port: server.address().port, pid: process.pid };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(facts));
  } else if (pathname === '/clock') {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const tick = () => response.write('data: ' + new Date().toLocaleTimeString('en-GB') + '\\n\\n');
    tick();
    const timer = setInterval(tick, 1000);
    response.on('close', () => clearInterval(timer));
  } else {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Not in this shop\\n');
  }
});
${LISTEN}`;

/** JSON about a few things. */
export const API_SERVER = `import { createServer } from 'node:http';

const things = [
  { id: 1, name: 'Lamp', price: 19 },
  { id: 2, name: 'Mug', price: 8 },
  { id: 3, name: 'Chair', price: 15 },
];

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://demo');
  const known = pathname === '/' || pathname === '/things';
  const body = known ? { app: 'demo-api', host: request.headers.host, things } : { error: 'not found' };
  response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body, null, 2) + '\\n');
});
${LISTEN}`;
