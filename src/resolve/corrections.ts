/** What the user set by hand, as examples for later decisions. */
import path from 'node:path';
import { type Mapping, splitMappingKey } from '../core/mapping.ts';
import { isHomeOrRoot } from '../core/path-text.ts';
import { type Correction, MAX_CORRECTIONS } from './prompt.ts';

/** The latest corrections. Names only: a home directory's own name is its user's, and stays here. */
export function correctionsOf(mappings: Readonly<Record<string, Mapping>>): Correction[] {
  const corrections: Correction[] = [];
  for (const [key, mapping] of Object.entries(mappings)) {
    const target = mapping.source === 'user' ? targetName(mapping) : undefined;
    if (target === undefined) continue;
    const { hostname, service } = splitMappingKey(key);
    corrections.push({ host: hostname, ...(service === undefined ? {} : { service }), target, port: mapping.port });
  }
  return corrections.slice(-MAX_CORRECTIONS);
}

function targetName({ identity, type, target }: Mapping): string | undefined {
  if (identity?.kind === 'container') return identity.name;
  if (type === 'docker') return target;
  const directory = identity?.root ?? identity?.workdir;
  if (directory !== undefined && !isHomeOrRoot(directory)) return path.basename(directory);
  return identity?.shape.split(' ', 1)[0];
}
