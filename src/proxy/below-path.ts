/** Prefixes that are taken off a path on the way to an app, and put on again for the client. Bytes stay as they are. */
import type { PathRule } from '../core/route.ts';
import type { ForwardVerdict } from './decide.ts';

/** The verdict for a path that somebody else answers. */
export function belowPath(verdict: ForwardVerdict, { prefix, strip }: PathRule): ForwardVerdict {
  if (!strip) return verdict;
  const cut = (path: string): string => {
    const rest = path.slice(prefix.length);
    return rest.startsWith('/') ? rest : `/${rest}`;
  };
  const { instruction } = verdict;
  return {
    ...verdict,
    prefix,
    path: cut(verdict.path),
    bare: !verdict.path.startsWith(`${prefix}/`),
    ...(instruction ? { instruction: { ...instruction, path: cut(instruction.path) } } : {}),
  };
}

/** Path and query as the client has them. */
export function clientPath({ prefix = '', path, bare }: ForwardVerdict): string {
  return prefix + (bare ? path.slice(1) : path);
}
