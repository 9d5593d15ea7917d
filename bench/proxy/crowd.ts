/** A machine with 1,000 services, and a proxy that remembers 10,000 hostnames. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ProcessGroup } from './process-group.ts';

const SERVICES = 1_000;
const MAPPINGS = 10_000;

/** Hostname -> port for a mappings file. */
export function manyMappings(port: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: MAPPINGS }, (_, i) => [`app${i}.localhost`, port]));
}

/** 1,000 processes in projects of their own, each with a listening socket. They end with the group. */
export async function startServices(folder: string, cpu: number | undefined): Promise<ProcessGroup> {
  for (let i = 0; i < SERVICES; i++) {
    const project = path.join(folder, 'crowd', `service${i}`);
    await mkdir(project, { recursive: true });
    await writeFile(path.join(project, 'package.json'), JSON.stringify({ name: `service${i}` }));
  }
  const script = fileURLToPath(new URL('./listeners.pl', import.meta.url));
  const args = [script, String(SERVICES), path.join(folder, 'crowd')];
  const group = new ProcessGroup(cpu, 'perl', args, { cwd: folder });
  await group.started.printed(/all listen/, 60_000);
  return group;
}
