/**
 * Where programs of this machine get the addresses of names from, told by files; and how they are made to find all names
 * under localhost. Pure.
 * @see nsswitch.conf(5), nss-myhostname(8), resolv.conf(5)
 */
import { shellLine } from '../core/shell-quote.ts';

/** Does this nsswitch.conf have a source that answers for all names under localhost (nss-myhostname, nss-resolve)? */
export function findsLocalhostNames(nsswitch: string): boolean {
  const hosts = /^\s*hosts:(.*)$/m.exec(nsswitch.replace(/#.*$/gm, ''))?.[1] ?? '';
  return /\b(?:myhostname|resolve)\b/.test(hosts);
}

/** Does this resolv.conf ask systemd-resolved, which answers for names under localhost itself (RFC 6761 section 6.3)? */
export function asksResolved(resolvConf: string): boolean {
  const [first] = /^\s*nameserver\s+(\S+)/m.exec(resolvConf)?.slice(1) ?? [];
  return first === '127.0.0.53' || first === '127.0.0.54';
}

/** What tells how nss-myhostname comes to this machine. */
export interface NssMachine {
  /** Is the library there already? */
  hasLibrary: boolean;
  /** Package managers that are installed: `apt-get`, `dnf` … */
  programs: ReadonlySet<string>;
  isRoot: boolean;
}

/** Package managers that are looked for, with the package that has libnss_myhostname.so.2. Debian's edits nsswitch.conf itself. */
const PACKAGES: readonly { manager: string; words: readonly string[]; editsItself?: true }[] = [
  { manager: 'apt-get', words: ['apt', 'install', 'libnss-myhostname'], editsItself: true },
  { manager: 'dnf', words: ['dnf', 'install', 'systemd-libs'] },
  { manager: 'zypper', words: ['zypper', 'install', 'nss-myhostname'] },
  { manager: 'pacman', words: ['pacman', '-S', 'systemd-libs'] },
];

/** See {@link NssMachine.programs}. */
export const PACKAGE_MANAGERS: readonly string[] = PACKAGES.map(({ manager }) => manager);

/** Before dns, so that no name server is asked, as nss-myhostname(8) has it. */
const EDIT = ['sed', '-i', '/^hosts:/s/files/files myhostname/', '/etc/nsswitch.conf'];

/** The shell line that makes all names under localhost known; undefined where no package is known (musl has no such thing). */
export function myhostnameLine({ hasLibrary, programs, isRoot }: NssMachine): string | undefined {
  const sudo = isRoot ? [] : ['sudo'];
  const edit = shellLine(...sudo, ...EDIT);
  if (hasLibrary) return edit;
  const found = PACKAGES.find(({ manager }) => programs.has(manager));
  if (!found) return undefined;
  const install = shellLine(...sudo, ...found.words);
  return found.editsItself ? install : `${install} && ${edit}`;
}
