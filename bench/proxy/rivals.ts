/** The other proxies: nginx, Caddy, plain node:http and http-proxy-3, each set up as its manual says for speed. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, waitForPort } from './ports.ts';
import { ProcessGroup } from './process-group.ts';
import { NODE_HOST, type Target, type TargetParts, WEB_HOST } from './target.ts';

type Start = (parts: TargetParts, port: number) => Promise<[command: string, ...args: string[]]>;

/** Bodies stream in both ways, as hostwise's do; by default nginx would put them into files. */
const nginx: Start = async ({ folder, upstream, cert, key }, port) => {
  const server = (host: string, to: number): string => `
  upstream ${host} { server 127.0.0.1:${to}; keepalive 64; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} ssl http2; server_name ${host};
    location / {
      proxy_pass http://${host}; proxy_http_version 1.1; proxy_read_timeout 1h;
      proxy_set_header Host $http_host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
      proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
      proxy_request_buffering off; proxy_max_temp_file_size 0;
    }
  }`;
  const config = path.join(folder, 'nginx.conf');
  await writeFile(
    config,
    `
daemon off; user root; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off; tcp_nodelay on; keepalive_requests 1000000000; client_max_body_size 0;
  client_body_temp_path ${folder}/nginx-body; proxy_temp_path ${folder}/nginx-proxy;
  ssl_certificate ${cert}; ssl_certificate_key ${key}; ssl_protocols TLSv1.2 TLSv1.3;
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
${server(WEB_HOST, upstream.web)}${server(NODE_HOST, upstream.node)}
}
`,
  );
  return ['nginx', '-p', folder, '-c', config];
};

const caddy: Start = async ({ folder, upstream, cert, key }, port) => {
  const site = (host: string, to: number): string =>
    `https://${host}:${port} {\n  tls ${cert} ${key}\n  reverse_proxy 127.0.0.1:${to}\n}\n`;
  const config = path.join(folder, 'Caddyfile');
  const sites = site(WEB_HOST, upstream.web) + site(NODE_HOST, upstream.node);
  await writeFile(config, `{\n  admin off\n  auto_https off\n  default_bind 127.0.0.1\n}\n${sites}`);
  return ['caddy', 'run', '--config', config, '--adapter', 'caddyfile'];
};

/** A script beside this file. */
function script(name: string): Start {
  const file = fileURLToPath(new URL(name, import.meta.url));
  return async ({ upstream, cert, key }, port) => [
    process.execPath,
    file,
    String(port),
    String(upstream.web),
    String(upstream.node),
    cert,
    key,
  ];
}

/** Name -> how it starts, in the order of the tables. */
export const RIVALS: ReadonlyMap<string, Start> = new Map([
  ['nginx', nginx],
  ['caddy', caddy],
  ['node:http', script('./plain-proxy.mjs')],
  ['http-proxy-3', script('./http-proxy-3.mjs')],
]);

/** Start one and wait until it accepts connections. */
export async function startRival(name: string, start: Start, parts: TargetParts): Promise<Target> {
  const port = await freePort();
  const [command, ...args] = await start(parts, port);
  const env = { XDG_DATA_HOME: parts.folder, XDG_CONFIG_HOME: parts.folder };
  const group = new ProcessGroup(parts.cpu, command, args, { cwd: parts.folder, env });
  try {
    await waitForPort(port);
  } catch (error) {
    throw new Error(`${name} did not start:\n${group.started.output()}`, { cause: error });
  }
  return { name, port, group, stop: () => group.stop() };
}
