// A server of the bench: listens on a free port of its own accord, or with `--wait` when a line comes on standard
// input. Says when, by the machine's clock. Ends with its parent, when standard input closes.
import http from 'node:http';

function listen() {
  const server = http.createServer((_request, response) => response.end('ok'));
  server.listen(0, '127.0.0.1', () => {
    const atNs = process.hrtime.bigint().toString();
    process.stdout.write(`${JSON.stringify({ port: server.address().port, atNs })}\n`);
  });
}

if (process.argv.includes('--wait')) process.stdout.write('{}\n');
else listen();
process.stdin.on('data', listen);
process.stdin.on('end', () => process.exit(0));
