/**
 * The control plane, loaded when it is first asked for: its routes, hono and Node's own fetch are 25 MB and a tenth of
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
    loading.then(by).catch((error: unknown) => {
      parts.log.error({ err: error }, 'The control plane could not be loaded');
      if (outgoing.headersSent) return;
      outgoing.statusCode = 503;
      outgoing.setHeader('content-type', 'text/plain');
      outgoing.setHeader('cache-control', 'no-store');
      outgoing.end(GONE);
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

function ignore(): void {}
