/** From the engine's facts to a service of the snapshot. Pure. */
import type { ContainerService } from '../../core/service.ts';
import type { ContainerFacts, ImageFacts } from './container-facts.ts';
import { hintsOf } from './hints.ts';
import { MAX_SHOWN_LABEL_CHARS, shownLabels } from './labels.ts';

const MAX_NAME_CHARS = 255;

/** A service as it is seen without asking how to reach it. @param image undefined when it could not be asked */
export function containerService(facts: ContainerFacts, image: ImageFacts | undefined): ContainerService {
  const { id, name, exposed, published, networks, labels, health, pid, startedAt } = facts;
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
    labels: shownLabels(labels),
    ...(hosts.length > 0 ? { hints: hosts } : {}),
    ...(details.length > 0 ? { hintDetails: details } : {}),
    ...(pid > 0 ? { pid } : {}),
    ...(facts.networkMode === 'host' ? { networkMode: 'host' } : {}),
    ...(health === undefined ? {} : { health: health.slice(0, 40) }),
    ...(startedAt === undefined ? {} : { startedAt }),
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
  return { project, service, workdir: workdir && workdir.length <= MAX_SHOWN_LABEL_CHARS ? workdir : null };
}
