/** The last lines that a container wrote: for the dashboard and its pages only, secrets masked. */
import { Hono } from 'hono';
import type { ContainerLog } from '../core/container-log.ts';
import { AppError } from '../core/errors.ts';
import { jsonAnswer } from './answers.ts';
import { type ControlEnv, MethodError } from './env.ts';
import { maskText } from './mask.ts';
import type { ControlParts } from './parts.ts';
import type { ServiceLogAnswer } from './wire.ts';

/** As many as fit a look. */
const MAX_LINES = 100;

/** The last lines, oldest first. @throws {AppError} API_NOT_FOUND with the reason for there being none */
export async function serviceLog(parts: Pick<ControlParts, 'containerLog'>, id: string): Promise<string[]> {
  return linesOf(await parts.containerLog(id, MAX_LINES));
}

/** The same of a container that stopped. @param name as it had */
export async function stoppedLog(parts: Pick<ControlParts, 'stoppedContainerLog'>, name: string): Promise<string[]> {
  return linesOf(await parts.stoppedContainerLog(name, MAX_LINES));
}

function linesOf(log: ContainerLog): string[] {
  if ('problem' in log) throw new AppError('API_NOT_FOUND', `There is no log to show: ${log.problem}`);
  return log.text
    .split('\n')
    .map((line) => maskText(withoutColours(line)).trimEnd())
    .filter((line, i, all) => line !== '' || i < all.length - 1)
    .slice(-MAX_LINES);
}

/** Colours and cursor movements (ECMA-48 control sequences) are for terminals. */
function withoutColours(line: string): string {
  return line.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replaceAll('\r', '');
}

/** `/services/{id}/log` below `/_api`. */
export function serviceLogRoutes(parts: ControlParts): Hono<ControlEnv> {
  const routes = new Hono<ControlEnv>({ strict: false });
  routes.get('/services/:id/log', async (c) =>
    jsonAnswer({ lines: await serviceLog(parts, c.req.param('id')) } satisfies ServiceLogAnswer),
  );
  routes.all('/services/:id/log', (c) => {
    throw new MethodError(c.req.method, ['GET', 'HEAD']);
  });
  return routes;
}
