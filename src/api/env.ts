/** What a handler of the control plane knows about its request, beside what hono knows. */
import { AppError } from '../core/errors.ts';
import type { AnyRequest, AnyResponse } from '../core/http-message.ts';
import type { Caller } from './caller.ts';
import type { Place } from './guard.ts';

/** See the file's header. */
export interface CallContext {
  incoming: AnyRequest;
  outgoing: AnyResponse;
  caller: Caller;
  on: Place;
  /** Normalized; on the control socket the dashboard's, whatever Host says. */
  hostname: string;
  /** `https://proxy.localhost:8443`: as requested; undefined on the control socket. */
  origin: string | undefined;
}

/** For hono's generics. */
export interface ControlEnv {
  Bindings: CallContext;
}

/** 405 with Allow. The methods are the hint's and the header's. */
export class MethodError extends AppError {
  readonly allow: string;

  constructor(method: string, allowed: readonly string[]) {
    super('API_METHOD', `“${method}” is not possible here`, { hint: `Possible: ${allowed.join(', ')}` });
    this.allow = allowed.join(', ');
  }
}
