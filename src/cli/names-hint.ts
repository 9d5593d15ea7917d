/** Whether programs other than browsers and curl find `*.localhost` on this machine. */
import { readFile } from 'node:fs/promises';
import { findsLocalhostNames } from '../platform/name-sources.ts';

const NSSWITCH = '/etc/nsswitch.conf';

/**
 * What to do about it, in one line; undefined when the system finds the names. Nothing is looked up: where the names
 * are unknown, a look-up would go to a DNS server and wait for it. `doctor` does look up.
 * @param doctor the command
 */
export async function namesHint(platform: NodeJS.Platform, doctor: string): Promise<string | undefined> {
  if (platform === 'darwin') return `Safari and command-line programs do not know *.localhost by themselves: ${doctor}`;
  if (platform !== 'linux') return undefined;
  const text = await readFile(NSSWITCH, 'utf8').catch(() => '');
  if (findsLocalhostNames(text)) return undefined;
  return `browsers and curl know *.localhost; for other programs: ${doctor}`;
}
