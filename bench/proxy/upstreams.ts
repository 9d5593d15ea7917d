/** The two upstreams behind every proxy: nginx for what is sent, Node for uploads and WebSockets. */
import { truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, waitForPort } from './ports.ts';
import { ProcessGroup } from './process-group.ts';

/** See the file's header. */
export interface Upstreams {
  web: number;
  node: number;
  /** A file of the asked size that takes no room: all zeros, read from memory. */
  largeFile: string;
  stop(): Promise<void>;
}

/** Start both. @param cpu the processor of clients and upstreams */
export async function startUpstreams(folder: string, largeBytes: number, cpu: number | undefined): Promise<Upstreams> {
  const [web, node] = [await freePort(), await freePort()];
  const largeFile = path.join(folder, 'large');
  await writeFile(largeFile, '');
  await truncate(largeFile, largeBytes);
  const config = path.join(folder, 'upstream.conf');
  await writeFile(config, nginxConfig(folder, web));
  const groups = [
    new ProcessGroup(cpu, 'nginx', ['-p', folder, '-c', config], { cwd: folder }),
    new ProcessGroup(cpu, process.execPath, [fileURLToPath(new URL('./upstream.mjs', import.meta.url)), String(node)], {
      cwd: folder,
    }),
  ];
  await Promise.all([waitForPort(web), waitForPort(node)]);
  return { web, node, largeFile, stop: async () => void (await Promise.all(groups.map((group) => group.stop()))) };
}

function nginxConfig(folder: string, port: number): string {
  return `
daemon off; user root; worker_processes 1; pid ${folder}/upstream.pid; error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off; sendfile on; tcp_nodelay on; keepalive_requests 1000000000; keepalive_timeout 1h;
  client_body_temp_path ${folder}/upstream-body; proxy_temp_path ${folder}/upstream-proxy;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /1k { default_type text/plain; return 200 "${'x'.repeat(1024)}"; }
    location = /large { root ${folder}; }
  }
}
`;
}
