/**
 * From the engine's facts to a service of the snapshot. Pure.
 *
 * Labels are kept by an allow-list, since the others hold passwords and prose: compose's, the image's title and
 * description, the hints of other proxies (Traefik's rules and ports, caddy's sites and upstreams, OrbStack's), our own.
 */
import type { ContainerService } from '../../core/service.ts';
import type { ContainerFacts, ImageFacts } from './container-facts.ts';
import { hintsOf } from './hints.ts';

const KEPT_LABELS =
  /^(?:com\.docker\.compose\.[\w.-]{1,100}|org\.opencontainers\.image\.(?:title|description)|traefik\.enable|traefik\.http\.routers\.[^.]{1,200}\.(?:rule|service)|traefik\.http\.services\.[^.]{1,200}\.loadbalancer\.server\.port|caddy(?:_\d{1,4})?(?:\.reverse_proxy)?|dev\.orbstack\.[\w.-]{1,100}|hostwise\.[\w.-]{1,100})$/;
/** A longer value is left out whole: half a rule would say something else. */
const MAX_LABEL_CHARS = 2048;
const MAX_LABELS = 64;
const MAX_NAME_CHARS = 255;

/** Of all labels those that discovery reads, as short as they must be. */
export function keptLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(labels).filter(
    ([name, value]) => KEPT_LABELS.test(name) && value.length <= MAX_LABEL_CHARS,
  );
  return Object.fromEntries(kept.slice(0, MAX_LABELS));
}

/** A service as it is seen without asking how to reach it. @param image undefined when it could not be asked */
export function containerService(facts: ContainerFacts, image: ImageFacts | undefined): ContainerService {
  const { id, name, exposed, published, networks, labels, health, pid } = facts;
  const details = hintsOf(facts, image);
  const hosts = [...new Set(details.filter((hint) => !hint.image).map(({ host }) => host))];
  const addresses = networks.flatMap((network) =>
    network.addresses.map((address) => ({ network: network.name, address })),
  );
  return {
    id: shortId(id),
    name,
    image: facts.image.slice(0, MAX_NAME_CHARS),
    expose: exposed,
    publish: published.map((one) => ({ ...one })),
    ip: addresses[0]?.address ?? null,
    ...(addresses.length > 0 ? { addresses } : {}),
    compose: composeOf(labels),
    labels: keptLabels(labels),
    ...(hosts.length > 0 ? { hints: hosts } : {}),
    ...(details.length > 0 ? { hintDetails: details } : {}),
    ...(pid > 0 ? { pid } : {}),
    ...(facts.networkMode === 'host' ? { networkMode: 'host' } : {}),
    ...(health === undefined ? {} : { health: health.slice(0, 40) }),
  };
}

/** Id in snapshots. */
export function shortId(id: string): string {
  return `c${id.slice(0, 12)}`;
}

function composeOf(labels: Readonly<Record<string, string>>): ContainerService['compose'] {
  const project = labels['com.docker.compose.project'];
  const service = labels['com.docker.compose.service'];
  if (!project || !service || project.length > MAX_NAME_CHARS || service.length > MAX_NAME_CHARS) return null;
  const workdir = labels['com.docker.compose.project.working_dir'];
  return { project, service, workdir: workdir && workdir.length <= MAX_LABEL_CHARS ? workdir : null };
}
