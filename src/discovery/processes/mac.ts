/**
 * Finds the listening processes of a Mac: lsof for our own, netstat for those that lsof does not show (other users',
 * and all of them where launchd started us and lsof gives nothing).
 */
import { messageOf } from '../../core/errors.ts';
import { listLsof } from './lsof.ts';
import { listNetstat } from './netstat.ts';
import { type RunTool, runTool as runRealTool } from './os-tool.ts';
import type { Found } from './services.ts';
import { describeSockets, type ToolSocket } from './tool-sockets.ts';

/**
 * One scan; four calls of tools, two at a time.
 * @throws {AppError} DISCOVERY_FAILED where neither tool can be asked
 */
export async function scanMac(runTool: RunTool = runRealTool): Promise<Found> {
  const [seen, all] = await Promise.allSettled([listLsof(runTool), listNetstat(runTool)]);
  if (seen.status === 'rejected' && all.status === 'rejected') throw seen.reason;
  const sockets = withOthers(socketsOf(seen), socketsOf(all));
  const { processes, warnings } = await describeSockets(sockets, runTool);
  const failed = [seen, all].filter((result) => result.status === 'rejected');
  return { processes, warnings: [...failed.map(({ reason }) => messageOf(reason)), ...warnings] };
}

/**
 * netstat names the process that used a socket last, which for a shared one is any of several: lsof's word goes first,
 * and what it has is told by address and port alone.
 */
function withOthers(seen: readonly ToolSocket[], all: readonly ToolSocket[]): ToolSocket[] {
  const key = ({ socket }: ToolSocket) => `${socket.address} ${socket.port}`;
  const known = new Set(seen.map(key));
  return [...seen, ...all.filter((socket) => !known.has(key(socket)))];
}

function socketsOf(result: PromiseSettledResult<ToolSocket[]>): ToolSocket[] {
  return result.status === 'fulfilled' ? result.value : [];
}
