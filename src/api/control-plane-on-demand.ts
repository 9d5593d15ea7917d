/**
 * The control plane, loaded when it is first asked for: its routes, hono and Node's own fetch are some 20 MB and a tenth of
 * a second, and most starts are for the apps alone. Who calls is known without it, since requests to apps may ask.
 */
import type { AnyRequest, AnyResponse } from '../core/http-message.ts';
import { CallerCheck } from './caller.ts';
import type { ControlPlaneServer } from './control-plane.ts';
import type { ControlParts } from './parts.ts';

/** Like `createControlPlane`, which it calls once. */
export function controlPlaneOnDemand(parts: ControlParts): ControlPlaneServer {
  const check = new CallerCheck(parts);
  let loading: Promise<ControlPlaneServer> | undefined;
  const load = async (): Promise<ControlPlaneServer> => {
    const { createControlPlane } = await import('./control-plane.ts');
    return createControlPlane(parts, check);
  };
  const answer = (incoming: AnyRequest, outgoing: AnyResponse, by: (plane: ControlPlaneServer) => void): void => {
    // A client that leaves meanwhile must not take the process down.
    incoming.on('error', ignore);
    outgoing.on('error', ignore);
    loading ??= load();
    const cannot = (error: unknown): void => {
      // The next one may have more luck: too many files may be open now.
      loading = undefined;
      parts.log.error({ err: error }, 'The control plane could not be loaded');
      outgoing.statusCode = 503;
      outgoing.setHeader('content-type', 'text/plain');
      outgoing.setHeader('cache-control', 'no-store');
      outgoing.end(isGone(error) ? GONE : FAILED);
    };
    loading.then(by, cannot).catch((error: unknown) => {
      parts.log.error({ err: error }, 'A request could not be answered because of a mistake in hostwise');
      outgoing.destroy();
    });
  };
  return {
    handle: (incoming, outgoing, on, hostname) =>
      answer(incoming, outgoing, (plane) => plane.handle(incoming, outgoing, on, hostname)),
    handleTrusted: (incoming, outgoing) =>
      answer(incoming, outgoing, (plane) => plane.handleTrusted(incoming, outgoing)),
    mayInstruct: (request) => check.mayInstruct(request),
    isTrustedCaller: (request) => check.isTrustedCaller(request),
  };
}

const GONE =
  'hostwise cannot load its own files: they were replaced or removed while it ran. Start it again: hostwise restart\n';
const FAILED = 'hostwise could not load its control plane; hostwise logs says why. Try again, or: hostwise restart\n';

function isGone(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'ENOENT';
}

function ignore(): void {}
