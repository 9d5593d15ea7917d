/** Whether programs other than browsers and curl find `*.localhost` on this machine. */
import { readFile } from 'node:fs/promises';

const NSSWITCH = '/etc/nsswitch.conf';

/**
 * What to do about it, in one line; undefined when the system finds the names. Nothing is looked up: where the names
 * are unknown, a look-up would go to a DNS server and wait for it.
 */
export async function namesHint(platform: NodeJS.Platform): Promise<string | undefined> {
  if (platform === 'darwin')
    return 'Safari and command-line programs need a line for each name in /etc/hosts; others do not';
  if (platform !== 'linux') return undefined;
  const text = await readFile(NSSWITCH, 'utf8').catch(() => '');
  return findsLocalhostNames(text) ? undefined : LINUX_HINT;
}

const LINUX_HINT = 'browsers and curl know *.localhost; for other programs: sudo apt install libnss-myhostname';

/** Does this nsswitch.conf have a source that answers for all names under localhost (nss-myhostname, nss-resolve)? */
export function findsLocalhostNames(nsswitch: string): boolean {
  const hosts = /^\s*hosts:(.*)$/m.exec(nsswitch.replace(/#.*$/gm, ''))?.[1] ?? '';
  return /\b(?:myhostname|resolve)\b/.test(hosts);
}
