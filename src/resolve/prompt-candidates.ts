/**
 * The candidates as a prompt lists them, one JSON object a line, in the room that there is: all in full where that fits,
 * else those in full that the question is likeliest about and the others by their names, and all before any in full.
 */
import { candidatePorts, type Service } from '../core/service.ts';
import { type RedactedService, redactService } from './redact.ts';

/** A service rarely has more ports that could be meant; the others still are valid answers. */
const MAX_PORTS = 16;
/** The same where room is short. */
const MAX_TERSE_PORTS = 3;
/** Longest token where room is short, in characters: enough to tell one name from another. */
const TERSE_TOKEN_CHARS = 20;
/** What tells a service where room is short; of several in a group the first that is known. */
const TERSE_FIELDS: readonly (readonly (keyof RedactedService)[])[] = [
  ['project', 'directory', 'composeService', 'container', 'program'],
  ['repository', 'composeProject', 'workspace', 'script'],
  ['branch', 'checkout'],
];

/** The lines, and whom each opaque id stands for. */
export interface CandidateList {
  lines: string[];
  ids: Map<string, Service>;
}

/**
 * List candidates, the likeliest first.
 * @param room characters, line ends included; candidates that do not fit even by name are left out, from the end
 */
export function listCandidates(candidates: readonly Service[], room: number): CandidateList {
  const entries = candidates.map((service, i) => {
    const id = `c${i + 1}`;
    const { kind: _, ...fields } = redactService(service);
    const ports = candidatePorts(service);
    const full = JSON.stringify({ id, ...fields, ports: ports.slice(0, MAX_PORTS) });
    const terse = JSON.stringify({ id, ...terseFields(fields), ports: ports.slice(0, MAX_TERSE_PORTS) });
    return { id, service, full, terse: terse.length < full.length ? terse : full };
  });
  const list: CandidateList = { lines: [], ids: new Map() };
  let left = room;
  const listed = entries.filter(({ terse }) => {
    left -= terse.length + 2;
    return left >= 0;
  });
  left = Math.max(0, room - listed.reduce((sum, { terse }) => sum + terse.length + 2, 0));
  for (const { id, service, full, terse } of listed) {
    const more = full.length - terse.length;
    list.lines.push(more <= left ? full : terse);
    if (more <= left) left -= more;
    list.ids.set(id, service);
  }
  return list;
}

function terseFields(fields: Partial<RedactedService>): Record<string, unknown> {
  const terse: Record<string, unknown> = {};
  for (const group of TERSE_FIELDS) {
    const key = group.find((name) => typeof fields[name] === 'string');
    if (key !== undefined) terse[key] = String(fields[key]).slice(0, TERSE_TOKEN_CHARS);
  }
  if (fields.worktree) terse.worktree = true;
  return terse;
}
