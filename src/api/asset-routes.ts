/** `/assets/`: the dashboard's files, on the dashboard's host only and for its own pages only, like all of it. */
import { Hono } from 'hono';
import { AppError } from '../core/errors.ts';
import { type ControlEnv, MethodError } from './env.ts';
import type { ControlParts } from './parts.ts';

/** The names change with the content: what was kept is never out of date (RFC 8246 section 2). */
const FOR_EVER = 'public, max-age=31536000, immutable';

/** The routes below `/assets`. */
export function assetRoutes({ dashboardAssets }: Pick<ControlParts, 'dashboardAssets'>): Hono<ControlEnv> {
  const routes = new Hono<ControlEnv>({ strict: false });
  routes.get('/:name', async (c) => {
    const assets = await dashboardAssets();
    const found = assets && [assets.script, assets.style].find(({ path }) => path === c.req.path);
    if (!found) throw new AppError('API_NOT_FOUND', `There is nothing at “${c.req.path.slice(0, 200)}”`);
    return new Response(new Uint8Array(found.content), {
      headers: { 'content-type': found.type, 'cache-control': FOR_EVER },
    });
  });
  routes.all('/:name', (c) => {
    throw new MethodError(c.req.method, ['GET', 'HEAD']);
  });
  return routes;
}
