/** Changes to the routes. Each tells how it went, and leads the tables to what is now. */
import type { RouteView } from '../api/wire.ts';
import { ApiError, ask, mappingPath, write } from './api.ts';
import type { MappingBody } from './choice.ts';
import { routes } from './state/data.ts';
import { say, sayProblem } from './state/toasts.ts';

/**
 * Point a hostname to a target, as a mapping of the user's.
 * @param before the route as it was seen; undefined where there was none
 * @returns whether it worked
 */
export function putRoute(key: string, body: MappingBody, before: RouteView | undefined): Promise<boolean> {
  return attempt(key, `“${key}” goes to ${nameOf(body)} now`, () =>
    write('PUT', mappingPath(key), { body, ...(before ? { ifMatch: before.etag } : { ifAbsent: true }) }),
  );
}

/** Make a route that was decided the user's: it is never moved by the program again. */
export function pinRoute({ key, etag }: RouteView): Promise<boolean> {
  return attempt(key, `“${key}” is pinned: it stays until you change it`, async () => {
    const body = await ask<object>(mappingPath(key));
    return write('PUT', mappingPath(key), { body, ifMatch: etag });
  });
}

/** Forget a route; for some seconds there is a way back. */
export async function forgetRoute({ key, etag }: RouteView): Promise<void> {
  try {
    const was = await ask<object>(mappingPath(key));
    await write('DELETE', mappingPath(key), { ifMatch: etag });
    say(`“${key}” is forgotten`, { label: 'Undo', run: () => void bringBack(key, was) });
  } catch (error) {
    tell(key, error);
  }
  await routes.load();
}

function bringBack(key: string, body: object): Promise<boolean> {
  return attempt(key, `“${key}” is back`, () => write('PUT', mappingPath(key), { body, ifAbsent: true }));
}

async function attempt(key: string, done: string, act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    // Before it is said: whoever goes on at once changes what is there now.
    await routes.load();
    say(done);
    return true;
  } catch (error) {
    tell(key, error);
    await routes.load();
    return false;
  }
}

function tell(key: string, error: unknown): void {
  if (error instanceof ApiError && error.status === 412) {
    say(`“${key}” was changed meanwhile. This is how it is now; change it again if you still want to`, undefined, true);
  } else sayProblem(error);
}

function nameOf({ type, target, port }: MappingBody): string {
  if (type === 'docker') return `container ${target}, port ${port}`;
  return target === 'localhost' ? `port ${port}` : `${target}, port ${port}`;
}
