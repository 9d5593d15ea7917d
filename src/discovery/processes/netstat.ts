/**
 * Listening sockets by macOS's `netstat -anv -p tcp`: what is left where lsof gives nothing (it does under launchd),
 * and the one tool there that shows every user's sockets with their process. Its columns are not Linux's.
 */
import { AppError } from '../../core/errors.ts';
import { plainAddress } from './listening-socket.ts';
import type { RunTool } from './os-tool.ts';
import type { ToolSocket } from './tool-sockets.ts';

/** -W: addresses are not cut at the width of their column. */
const NETSTAT_ARGS = ['-anvW', '-p', 'tcp'];

/**
 * The sockets that netstat sees.
 * @throws {AppError} DISCOVERY_FAILED where netstat is missing, fails or takes longer than 4 s
 */
export async function listNetstat(runTool: RunTool): Promise<ToolSocket[]> {
  const { code, stdout, stderr } = await runTool('netstat', NETSTAT_ARGS);
  if (code === 0) return parseNetstat(stdout);
  const reason = stderr.trim().split('\n')[0]?.slice(0, 200) || `exit code ${code}`;
  throw new AppError('DISCOVERY_FAILED', `"netstat ${NETSTAT_ARGS.join(' ')}" failed: ${reason}`);
}

/** `tcp4`, `tcp6`, `tcp46` (both families); queues; local `address.port`; peer; the rest after LISTEN. */
const ROW = /^(tcp4|tcp6|tcp46)\s+\d+\s+\d+\s+(\S+)\.(\d{1,5})\s+\S+\s+LISTEN\s+(.*)$/;

/**
 * Listening sockets of one output. Pure. Two layouts are known, told apart by the header: `... rhiwat shiwat pid epid`,
 * and since macOS 14 or so `... rxbytes txbytes rhiwat shiwat process:pid`, where the name may hold blanks.
 */
export function parseNetstat(text: string): ToolSocket[] {
  const lines = text.split('\n');
  const header = lines.find((line) => line.startsWith('Proto')) ?? '';
  const hasNames = /\bprocess:pid\b/.test(header);
  return lines.map((line) => parseRow(line, hasNames)).filter((socket) => socket !== undefined);
}

function parseRow(line: string, hasNames: boolean): ToolSocket | undefined {
  const [, protocol, host = '', portText, rest = ''] = ROW.exec(line) ?? [];
  const port = Number(portText);
  const wildcard = protocol === 'tcp4' ? '0.0.0.0' : '::';
  const address = host === '*' ? wildcard : plainAddress(host);
  if (address === undefined || !(port >= 1 && port <= 65_535)) return undefined;
  const holder = hasNames ? namedHolder(rest) : numberedHolder(rest);
  return {
    socket: { address, port, inode: '', uid: undefined },
    // 0: the kernel knows nobody any more.
    holders: holder && holder.pid > 0 ? [{ ...holder, fd: undefined }] : [],
  };
}

/** Four numbers, then `name:pid` and a state in hex. The last `:pid` counts: a name may look like one. */
function namedHolder(rest: string): { pid: number; name: string } | undefined {
  const [, name = '', pid] = /^(?:\d+\s+){4}(.*):(\d+)\s+[0-9a-fx]+(?:\s|$)/i.exec(rest) ?? [];
  return pid === undefined ? undefined : { pid: Number(pid), name };
}

/** Two water marks, then the pid. */
function numberedHolder(rest: string): { pid: number; name: string } | undefined {
  const [, pid] = /^\d+\s+\d+\s+(\d+)(?:\s|$)/.exec(rest) ?? [];
  return pid === undefined ? undefined : { pid: Number(pid), name: '' };
}
