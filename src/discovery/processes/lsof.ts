/**
 * Finds listening processes with `lsof`, macOS's way; runs on Linux too. Field output, never columns.
 *
 * What it cannot know: sockets whose process may not be inspected (other users', unless run as root), where one
 * argument ends and the next begins, and on Linux a process with an unpaired bracket in its name, which lsof 4.95
 * passes over.
 */
import { getuid, platform } from 'node:process';
import { AppError } from '../../core/errors.ts';
import { plainAddress } from './listening-socket.ts';
import { type LsofProcess, parseLsofFields, unescapeLsof } from './lsof-fields.ts';
import { type RunTool, runTool as runRealTool } from './os-tool.ts';
import type { Found } from './services.ts';
import { describeSockets, type ToolSocket } from './tool-sockets.ts';

/** -nP: no names of hosts and ports; -w: no warnings. Fields: process, parent, command, user; descriptor, type, device, name. */
const LSOF_ARGS = ['-nP', '-w', '-iTCP', '-sTCP:LISTEN', '-F0pRcuftdn'];

/**
 * One scan.
 * @param runTool of the machine; a test gives its own
 * @throws {AppError} DISCOVERY_FAILED where lsof is missing, fails or takes longer than 4 s
 */
export async function scanLsof(runTool: RunTool = runRealTool): Promise<Found> {
  const { processes, warnings } = await describeSockets(await listLsof(runTool), runTool);
  const isPartial = platform === 'linux' && getuid?.() !== 0;
  return {
    processes,
    warnings: isPartial ? [...warnings, '"lsof" shows only your own processes'] : warnings,
  };
}

/**
 * The sockets that lsof sees.
 * Exit code 1 is no failure: lsof gives it as soon as one of many processes may not be inspected, and when there is
 * nothing to list.
 * @throws {AppError} DISCOVERY_FAILED
 */
export async function listLsof(runTool: RunTool): Promise<ToolSocket[]> {
  const { code, stdout, stderr } = await runTool('lsof', LSOF_ARGS);
  const sockets = parseLsofSockets(stdout);
  if (sockets.length > 0 || code === 0 || (code === 1 && stderr.trim() === '')) return sockets;
  const reason = stderr.trim().split('\n')[0]?.slice(0, 200) || `exit code ${code}`;
  throw new AppError('DISCOVERY_FAILED', `"lsof ${LSOF_ARGS.join(' ')}" failed: ${reason}`, { hint: 'install lsof' });
}

/** Sockets of the output of the call above, each with every process that holds it. Pure. */
export function parseLsofSockets(text: string): ToolSocket[] {
  const sockets = new Map<string, ToolSocket>();
  for (const process of parseLsofFields(text)) {
    for (const file of process.files) {
      const place = placeOf(file.n ?? '', file.t ?? '');
      if (!place) continue;
      const inode = socketId(file.d);
      // Without an id of the socket its address has to tell which descriptors are the same.
      const key = inode || `${place.address} ${place.port}`;
      const known = sockets.get(key) ?? { socket: { ...place, inode, uid: undefined }, holders: [] };
      known.holders.push(holderOf(process, file.f ?? ''));
      sockets.set(key, known);
    }
  }
  return [...sockets.values()];
}

function holderOf({ pid, fields }: LsofProcess, descriptor: string): ToolSocket['holders'][number] {
  return {
    pid,
    fd: /^\d+$/.test(descriptor) ? Number(descriptor) : undefined,
    name: unescapeLsof(fields.c ?? ''),
    uid: /^\d+$/.test(fields.u ?? '') ? Number(fields.u) : undefined,
  };
}

/**
 * The device field of a socket: its inode on Linux, its address in the kernel on macOS. All zeros is what macOS shows to
 * those who may not know.
 */
function socketId(device = ''): string {
  return /^(?:0x)?0*$/.test(device) ? '' : device;
}

/** The kernels of BSD keep the interface of a link-local address in its second group, and lsof prints it. */
const KAME_SCOPE = /^\[fe80:[0-9a-f]{1,4}::/i;

/** `127.0.0.1:3000`, `[::1]:5173`, `*:3000`: there the type tells the family. */
function placeOf(name: string, type: string): { address: string; port: number } | undefined {
  const [, host = '', portText] = /^(\*|\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(name) ?? [];
  const port = Number(portText);
  const address =
    host === '*' ? (type === 'IPv6' ? '::' : '0.0.0.0') : plainAddress(host.replace(KAME_SCOPE, '[fe80::'));
  return address !== undefined && port >= 1 && port <= 65_535 ? { address, port } : undefined;
}
