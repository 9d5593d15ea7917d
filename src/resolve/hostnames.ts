/** The hostname that is shown for each service: the one that the user asked for, else the canonical one. */
import type { Snapshot } from '../core/service.ts';
import { canonicalHosts } from './canonical.ts';
import { askedHostnames } from './hint-claims.ts';
import { matchHints } from './hints.ts';

/**
 * Service id -> hostname, unique. A service whose canonical hostname its own project gave to another one has none.
 * Cost: one look at the hints for each hostname that somebody asks for.
 * @param domains the suffixes that are resolved
 */
export function shownHosts(snapshot: Snapshot, domains: readonly string[]): Map<string, string> {
  const hosts = canonicalHosts(snapshot);
  const given = new Map<string, string>();
  for (const { hostname, name } of askedHostnames(snapshot, domains)) {
    const match = matchHints({ hostname, name, domains }, snapshot);
    if (match.outcome === 'decided' && !given.has(match.id)) given.set(match.id, hostname);
  }
  const taken = new Set(given.values());
  for (const [id, hostname] of hosts) if (taken.has(hostname)) hosts.delete(id);
  for (const [id, hostname] of given) hosts.set(id, hostname);
  return hosts;
}
