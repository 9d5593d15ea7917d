/** `/_api/settings`: what is in force, and where each value came from. */
import { Hono } from 'hono';
import { jsonAnswer } from './answers.ts';
import { type ControlEnv, MethodError } from './env.ts';
import { maskText } from './mask.ts';
import type { ControlParts } from './parts.ts';
import type { SettingsAnswer } from './wire.ts';

/** The route. */
export function settingsRoutes(parts: ControlParts): Hono<ControlEnv> {
  const routes = new Hono<ControlEnv>({ strict: false });
  routes.get('/settings', () => {
    const settings = parts.settings().map((one) => ({ ...one, value: maskText(one.value) }));
    return jsonAnswer({ settings } satisfies SettingsAnswer);
  });
  routes.all('/settings', (c) => {
    throw new MethodError(c.req.method, ['GET', 'HEAD']);
  });
  return routes;
}
