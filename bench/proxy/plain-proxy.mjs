/** The proxy that one would write in an evening with node:http. `node plain-proxy.mjs port web node cert key` */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';

const [port, web, node, cert, key] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true });
const portOf = (host) => (host?.startsWith('node.') ? node : web);
const server = http2.createSecureServer({ allowHTTP1: true, cert: readFileSync(cert), key: readFileSync(key) });

server.on('request', (request, response) => {
  const host = request.headers[':authority'] ?? request.headers.host;
  const fields = Object.entries(request.headers).filter(([name]) => !name.startsWith(':'));
  const headers = { ...Object.fromEntries(fields), host };
  const { method, url: path } = request;
  const onward = http.request({ agent, port: portOf(host), host: '127.0.0.1', method, path, headers }, (answer) => {
    // HTTP/2 has no fields about connections (RFC 9113 section 8.2.2).
    const { connection, 'keep-alive': keepAlive, 'transfer-encoding': coding, ...rest } = answer.headers;
    response.writeHead(answer.statusCode, rest);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  if (method === 'GET') onward.end();
  else request.pipe(onward);
});

server.on('upgrade', (request, socket, head) => {
  const { url: path, headers } = request;
  const onward = http.request({ port: portOf(headers.host), host: '127.0.0.1', path, headers });
  onward.on('upgrade', (answer, upstream, first) => {
    const lines = ['HTTP/1.1 101 Switching Protocols'];
    for (let i = 0; i < answer.rawHeaders.length; i += 2)
      lines.push(`${answer.rawHeaders[i]}: ${answer.rawHeaders[i + 1]}`);
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    if (first.length > 0) socket.write(first);
    if (head.length > 0) upstream.write(head);
    upstream.pipe(socket).pipe(upstream);
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  onward.on('error', () => socket.destroy());
  onward.end();
});
server.listen(Number(port), '127.0.0.1');
