/** What is asked of routing, and what it answers. */
import type { Upstream } from './upstream.ts';

/** What is asked when a hostname has no address yet. */
export interface RouteAsk {
  /** Normalized, under one of our domains. */
  hostname: string;
  /** The sibling asked for by `/_proxy/{service}/`. */
  service?: string;
  /** The entry of the mapping's `paths` that the request falls under. */
  pathPrefix?: string;
  /** A browser's top-level navigation: part of the LLM budget is kept for these. */
  navigation: boolean;
  /** `?prompt=` from somebody who may. */
  prompt?: string;
  /** `?force` from somebody who may. */
  force?: boolean;
  /** `/_proxy/` from a browser: only siblings of the origin. */
  siblingsOnly?: boolean;
}

/** A candidate as pages on app hostnames may show it: names and ports only. */
export interface Candidate {
  id: string;
  name: string;
  ports: number[];
  /** The unique hostname that it answers to. */
  hostname?: string;
}

/** Where a hostname leads. */
export type RouteOutcome =
  | { kind: 'upstream'; upstream: Upstream }
  /** Known, but not running now. `last`: where it was. `refuses`: it runs, and takes no connections. */
  | { kind: 'away'; label: string; detail: string; last?: Upstream; refuses?: true }
  /** The decision takes a while (an LLM is asked) and goes on; whoever asks again shares it. */
  | { kind: 'deciding' }
  /** Nobody is sure: the picker. `why` says what was tried and why the LLM was not asked, when it was not. */
  | { kind: 'unknown'; candidates: Candidate[]; why: string };

/** A path prefix of a hostname that somebody else answers. */
export interface PathRule {
  /** `/api`: without a slash at its end. */
  prefix: string;
  /** Take the prefix off before the request goes on. */
  strip: boolean;
  /** Another hostname, or its related service, that answers; undefined: the entry itself says who. */
  to?: { hostname: string; service?: string };
}
