/** What the user set by hand, as examples for later decisions. */
import path from 'node:path';
import { type Mapping, splitMappingKey } from '../core/mapping.ts';
import { isHomeOrRoot } from '../core/path-text.ts';
import { type Correction, MAX_CORRECTIONS } from './prompt.ts';

/**
 * The corrections that may tell most about a hostname: those of similar names first, then the latest. Names only: a home
 * directory's own name is its user's, and stays here.
 * @param host the hostname to be decided
 */
export function correctionsOf(mappings: Readonly<Record<string, Mapping>>, host: string): Correction[] {
  const wanted = wordsOf(host);
  const found: { correction: Correction; likeness: number; at: string }[] = [];
  for (const [key, mapping] of Object.entries(mappings)) {
    const target = mapping.source === 'user' ? targetName(mapping) : undefined;
    if (target === undefined) continue;
    const { hostname, service } = splitMappingKey(key);
    const correction = { host: hostname, ...(service === undefined ? {} : { service }), target, port: mapping.port };
    const likeness = wordsOf(`${hostname} ${target}`).filter((word) => wanted.includes(word)).length;
    found.push({ correction, likeness, at: mapping.createdAt });
  }
  found.sort((a, b) => a.likeness - b.likeness || a.at.localeCompare(b.at));
  // The most telling one comes last, nearest to the question.
  return found.slice(-MAX_CORRECTIONS).map(({ correction }) => correction);
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word.length > 1 && word !== 'localhost');
}

function targetName({ identity, type, target }: Mapping): string | undefined {
  if (identity?.kind === 'container') return identity.name;
  if (type === 'docker') return target;
  const directory = identity?.root ?? identity?.workdir;
  if (directory !== undefined && !isHomeOrRoot(directory)) return path.basename(directory);
  return identity?.shape.split(' ', 1)[0];
}
