/**
 * Hostnames that people already write for other proxies: VIRTUAL_HOST, caddy, Traefik, OrbStack, and our own label.
 * Collected with the port that goes with them, marked whether the image brought them along. Pure.
 */
import type { ContainerHint } from '../../core/service.ts';
import type { ContainerFacts, ImageFacts } from './container-facts.ts';

/** More is no developer's container. */
const MAX_HINTS = 32;
/** Rules and lists of names are short; what is longer is not searched. */
const MAX_VALUE_CHARS = 4096;

/** All hints of a container, each host once per source. @param image undefined when it could not be asked */
export function hintsOf({ labels, env }: ContainerFacts, image: ImageFacts | undefined): ContainerHint[] {
  const found = [
    ...ownHints(labels),
    ...envHints(env),
    ...orbstackHints(labels),
    ...caddyHints(labels),
    ...traefikHints(labels),
  ];
  const hints = new Map<string, ContainerHint>();
  for (const { host, port, source, decides } of found) {
    const name = hostOf(host);
    if (name === undefined || hints.size >= MAX_HINTS) continue;
    // Without knowing the image nothing is the user's for sure.
    const isImages = image === undefined || broughtAlong(source, { labels, env }, image);
    hints.set(`${source} ${name}`, { host: name, ...(port ? { port } : {}), source, image: isImages, decides });
  }
  return [...hints.values()];
}

interface Found {
  host: string;
  port: number | undefined;
  /** Label or variable that says it. */
  source: string;
  decides: boolean;
}

/** A container's labels and variables are the image's plus the user's: what is equal is the image's. */
function broughtAlong(
  source: string,
  { labels, env }: Pick<ContainerFacts, 'labels' | 'env'>,
  image: ImageFacts,
): boolean {
  const own = env.find((entry) => entry.startsWith(`${source}=`));
  if (own !== undefined && source === 'VIRTUAL_HOST') return image.env.includes(own);
  return labels[source] !== undefined && image.labels[source] === labels[source];
}

/** A hostname as DNS has it, lower case; undefined for wildcards, patterns and nonsense. */
function hostOf(text: string): string | undefined {
  const host = text.trim().toLowerCase().replace(/\.$/, '');
  return host.length <= 253 &&
    /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/.test(host)
    ? host
    : undefined;
}

function portOf(text: string | undefined): number | undefined {
  const port = /^\s*(\d{1,5})\s*$/.exec(text ?? '')?.[1];
  const number = Number(port);
  return port !== undefined && number >= 1 && number <= 65_535 ? number : undefined;
}

function parts(value: string | undefined, separator: RegExp): string[] {
  return value === undefined || value.length > MAX_VALUE_CHARS
    ? []
    : value.split(separator).filter((part) => part !== '');
}

function ownHints(labels: Record<string, string>): Found[] {
  const port = portOf(labels['hostwise.port']);
  return parts(labels['hostwise.host'], /[\s,]+/).map((host) => ({
    host,
    port,
    source: 'hostwise.host',
    decides: true,
  }));
}

/** nginx-proxy: names separated by commas; `~` starts a regular expression. */
function envHints(env: readonly string[]): Found[] {
  const value = (name: string): string | undefined =>
    env.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
  const port = portOf(value('VIRTUAL_PORT'));
  return parts(value('VIRTUAL_HOST'), /[\s,]+/).map((host) => ({ host, port, source: 'VIRTUAL_HOST', decides: true }));
}

function orbstackHints(labels: Record<string, string>): Found[] {
  const port = portOf(labels['dev.orbstack.http-port']);
  const source = 'dev.orbstack.domains';
  return parts(labels[source], /[\s,]+/).map((host) => ({ host, port, source, decides: true }));
}

/** caddy-docker-proxy: `caddy: a.test, https://b.test:8443`, numbered for several sites; `(name)` is a snippet. */
function caddyHints(labels: Record<string, string>): Found[] {
  return Object.keys(labels)
    .filter((label) => /^caddy(?:_\d{1,4})?$/.test(label))
    .flatMap((source) => {
      const upstream = labels[`${source}.reverse_proxy`]?.slice(0, MAX_VALUE_CHARS);
      const port = portOf(/\{\{\s*upstreams(?:\s+https?)?\s+(\d{1,5})\s*\}\}/.exec(upstream ?? '')?.[1]);
      return parts(labels[source], /[\s,]+/).map((site) => {
        const place = site.replace(/^https?:\/\//, '');
        const host = place.replace(/[/:].*$/, '');
        // A site of one path only is not the whole host.
        return { host, port, source, decides: !/\/./.test(place) };
      });
    });
}

const TRAEFIK_RULE = /^traefik\.http\.routers\.([^.]{1,200})\.rule$/;
const TRAEFIK_PORT = /^traefik\.http\.services\.([^.]{1,200})\.loadbalancer\.server\.port$/;

function traefikHints(labels: Record<string, string>): Found[] {
  if (labels['traefik.enable']?.toLowerCase() === 'false') return [];
  const ports = new Map<string, number | undefined>();
  for (const [label, value] of Object.entries(labels)) {
    const service = TRAEFIK_PORT.exec(label)?.[1];
    if (service !== undefined) ports.set(service, portOf(value));
  }
  return Object.entries(labels).flatMap(([source, rule]) => {
    const router = TRAEFIK_RULE.exec(source)?.[1];
    if (router === undefined) return [];
    const service = labels[`traefik.http.routers.${router}.service`];
    const port = service === undefined ? onlyOne(ports) : ports.get(service);
    const { hosts, decides } = hostsOfRule(rule);
    return hosts.map((host) => ({ host, port, source, decides }));
  });
}

function onlyOne(ports: ReadonlyMap<string, number | undefined>): number | undefined {
  return ports.size === 1 ? [...ports.values()][0] : undefined;
}

/**
 * Hosts of a Traefik rule: Host(`a`) || Host(`b`), and version 2's Host(`a`, `b`). With any other matcher, `&&` or `!`
 * they are only evidence.
 */
export function hostsOfRule(rule: string): { hosts: string[]; decides: boolean } {
  if (rule.length > MAX_VALUE_CHARS) return { hosts: [], decides: false };
  const hosts: string[] = [];
  // Bounded by the next bracket, with nothing that could be read in two ways: a rule is anybody's text.
  const rest = rule.replace(/(?<![\w!])Host\(([^()]*)\)/g, (_all, list: string) => {
    for (const [, host = ''] of list.matchAll(/[`"']([^`"',]*)[`"']/g)) hosts.push(host);
    return ' ';
  });
  const others = rest.replaceAll('||', ' ').replace(/[()\s]/g, '');
  return { hosts, decides: hosts.length > 0 && others === '' };
}
