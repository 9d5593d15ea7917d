/**
 * Labels are kept by an allow-list, since the others hold passwords and prose: compose's, the image's title and
 * description, the hints of other proxies (Traefik's rules and ports, caddy's sites and upstreams, OrbStack's), our own.
 * Pure.
 */

const KEPT_LABELS =
  /^(?:com\.docker\.compose\.[\w.-]{1,100}|org\.opencontainers\.image\.(?:title|description)|traefik\.enable|traefik\.http\.routers\.[^.]{1,200}\.(?:rule|service)|traefik\.http\.services\.[^.]{1,200}\.loadbalancer\.server\.port|caddy(?:_\d{1,4})?(?:\.reverse_proxy)?|dev\.orbstack\.[\w.-]{1,100}|hostwise\.[\w.-]{1,100})$/;
/** A longer value is left out whole: half a rule would say something else. Hints may be as long. */
const MAX_LABEL_CHARS = 4096;
/** More is no developer's container. */
const MAX_LABELS = 256;
/** What goes into snapshots is shorter. */
export const MAX_SHOWN_LABEL_CHARS = 2048;
const MAX_SHOWN_LABELS = 64;

/** Of what an engine says those labels that discovery reads; nothing else of them stays in memory. */
export function keptLabels(labels: Readonly<Record<string, unknown>> | null | undefined): Record<string, string> {
  const kept: [string, string][] = [];
  for (const [name, value] of Object.entries(labels ?? {})) {
    if (kept.length >= MAX_LABELS) break;
    if (typeof value === 'string' && value.length <= MAX_LABEL_CHARS && KEPT_LABELS.test(name))
      kept.push([name, value]);
  }
  return Object.fromEntries(kept);
}

/** Of those that were kept the ones for a snapshot. */
export function shownLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  const shown = Object.entries(labels).filter(([, value]) => value.length <= MAX_SHOWN_LABEL_CHARS);
  return Object.fromEntries(shown.slice(0, MAX_SHOWN_LABELS));
}
