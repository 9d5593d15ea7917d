/** What the request path is made of: everything that a request may need. */
import type { HostChecker } from '../core/host-check.ts';
import type { Absences } from './absences.ts';
import type { DecideRules } from './decide.ts';
import type { Holds } from './hold.ts';
import type { ControlPlane, Pages, Router, TrafficSink } from './ports.ts';
import type { Upstreams } from './upstreams.ts';

/** See the file's header. */
export interface RequestContext {
  router: Router;
  control: ControlPlane;
  pages: Pages;
  traffic: TrafficSink;
  upstreams: Upstreams;
  holds: Holds;
  absences: Absences;
  /** Read per request: the redirect setting follows the trust in the CA. */
  rules: () => DecideRules;
  /** A plain-HTTP navigation came: a good moment to look whether the CA is trusted by now. */
  onPlainNavigation?: () => void;
  /** An app answered by refusing the Host that it was sent. @param key of its mapping */
  onHostRefused?: (key: string, by: HostChecker) => void;
  /** A bug, not a bad request: the client got a 500. */
  onBug: (error: unknown) => void;
}
