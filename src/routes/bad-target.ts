/** The error for a target that cannot be understood, with what would be right. */
import { AppError } from '../core/errors.ts';

/** What a TARGET may look like. */
export const TARGET_HINT =
  'Use a port (5173), host:port, a container (shop-web-1 or shop-web-1:3000), an id that “hostwise services” shows, or a directory';

/** ROUTE_BAD_TARGET: the target in quotes and what is wrong with it. */
export function badTarget(target: string, problem: string, hint: string = TARGET_HINT): AppError {
  const shown = target.length > 100 ? `${target.slice(0, 100)}…` : target;
  return new AppError('ROUTE_BAD_TARGET', `"${shown}" ${problem}`, { hint });
}
