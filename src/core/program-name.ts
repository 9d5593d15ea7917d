/** Names of programs as they may be told: a process can call itself anything, also `-pX`, `kim:x` or `KEY=x`. */
import { looksSecret } from './secrets.ts';

/** Letters, digits and what names of programs are written with; first no hyphen, which begins a flag. */
const PROGRAM = /^[\p{L}\p{N}_@.+(][\p{L}\p{M}\p{N}_@.+() -]{0,99}$/u;

/** Is this the name of a program, and nothing else that somebody put there? */
export function isProgramName(name: string): boolean {
  return PROGRAM.test(name) && !looksSecret(name);
}
