/** `/_tls_check`: may a front proxy get a certificate for this name? Open to everybody, and says nothing else. */
import { classifyHostname, normalizeHostname } from '../core/hostname.ts';
import { textAnswer } from './answers.ts';

/** @param domain query value; undefined: the hostname that was asked counts */
export function tlsCheck(domain: string | undefined, hostname: string, domains: readonly string[]): Response {
  const name = normalizeHostname(domain ?? hostname);
  const ours = name !== null && classifyHostname(name, domains).kind !== 'foreign';
  return ours ? textAnswer('OK') : textAnswer('Not a name of ours', 403);
}
