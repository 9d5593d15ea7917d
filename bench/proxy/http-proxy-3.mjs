/** http-proxy-3 as its README shows it. `node http-proxy-3.mjs port web node cert key` */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import { createProxyServer } from 'http-proxy-3';

const [port, web, node, cert, key] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true });
const proxy = createProxyServer({ agent, xfwd: true });
proxy.on('error', (_error, _request, response) => response.destroy?.());
const targets = { web: `http://127.0.0.1:${web}`, node: `http://127.0.0.1:${node}` };
const targetOf = (request) =>
  (request.headers[':authority'] ?? request.headers.host)?.startsWith('node.') ? targets.node : targets.web;
const server = http2.createSecureServer({ allowHTTP1: true, cert: readFileSync(cert), key: readFileSync(key) });
server.on('request', (request, response) => proxy.web(request, response, { target: targetOf(request) }));
server.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head, { target: targetOf(request) }));
server.listen(Number(port), '127.0.0.1');
