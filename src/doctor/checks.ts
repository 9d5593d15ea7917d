/** All checks, in the order in which they are shown: first what the others stand on. */
import { certificateAuthority } from './ca.ts';
import type { Check } from './check.ts';
import { daemonRuns } from './daemon.ts';
import { dataFolder } from './data-folder.ts';
import { discovery } from './discovery.ts';
import { docker } from './docker.ts';
import { llm } from './llm.ts';
import { names } from './names.ts';
import { nodeVersion } from './node-version.ts';
import { ports } from './ports.ts';
import { serviceUnit } from './service-unit.ts';
import { trust } from './trust.ts';

/** See the file's header. */
export const CHECKS: readonly Check[] = [
  nodeVersion,
  dataFolder,
  daemonRuns,
  serviceUnit,
  ports,
  names,
  certificateAuthority,
  trust,
  llm,
  discovery,
  docker,
];
