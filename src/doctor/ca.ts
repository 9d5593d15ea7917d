/** The CA: there, readable by its user alone, valid by this machine's clock, and for all domains. Makes none. */
import { AppError } from '../core/errors.ts';
import { type Authority, loadOrCreateAuthority } from '../tls/authority.ts';
import { readAuthorityFiles } from '../tls/authority-files.ts';
import { authorityFolder } from '../tls/retired-authorities.ts';
import type { Check, Finding } from './check.ts';
import type { DoctorMachine } from './machine.ts';

const NAMED = { id: 'ca', title: 'CA' };
/** Time to make a new one and trust it. */
const SOON_MS = 30 * 86_400_000;

/** See the file's header. */
export const certificateAuthority: Check = {
  ...NAMED,
  look: async (machine) => {
    const { settings, now } = machine;
    try {
      if ((await readAuthorityFiles(authorityFolder(settings.dataDir))) === null) {
        return [{ ...NAMED, state: 'ok', detail: 'there is none yet; the first start makes it' }];
      }
      const authority = await loadOrCreateAuthority(settings.dataDir, { domains: settings.domains, now });
      return [judge(authority, machine)];
    } catch (error) {
      if (error instanceof AppError && error.code === 'TLS_CA_UNREADABLE') return [unusable(error, machine)];
      throw error;
    }
  },
};

function judge(
  { commonName, notAfter, constrained, domains, uncoveredDomains }: Authority,
  machine: DoctorMachine,
): Finding {
  const rotate = machine.line('ca', 'rotate');
  if (uncoveredDomains.length > 0) {
    const detail = `"${commonName}" cannot vouch for ${uncoveredDomains.join(', ')}; the next start makes a new one, to be trusted again`;
    return { ...NAMED, state: 'advice', detail, fix: machine.line('restart') };
  }
  if (notAfter.getTime() - machine.now().getTime() < SOON_MS) {
    return { ...NAMED, state: 'advice', detail: `"${commonName}" ends on ${day(notAfter)}`, fix: rotate };
  }
  if (!constrained && machine.settings.nameConstraints) {
    const detail = `"${commonName}" has no name constraints: its key could vouch for any site`;
    return { ...NAMED, state: 'advice', detail, fix: rotate };
  }
  const limits = constrained ? `for ${domains.join(', ')} and loopback only` : 'for any name, as set';
  return { ...NAMED, state: 'ok', detail: `"${commonName}", ${limits}, until ${day(notAfter)}` };
}

function unusable({ message, data = {} }: AppError, machine: DoctorMachine): Finding {
  const { command, clock } = data;
  const now = machine.now().toISOString();
  if (clock !== undefined) {
    const fix = clockLine(machine);
    return { ...NAMED, state: 'problem', detail: `${message}; the clock of this machine says ${now}`, fix };
  }
  const fix = typeof command === 'string' ? command : machine.line('ca', 'rotate');
  return { ...NAMED, state: 'problem', detail: message, fix };
}

/** A wrong clock is likelier than a CA that is ten years old. */
function clockLine({ platform }: DoctorMachine): string {
  return platform === 'darwin' ? 'sudo sntp -sS time.apple.com' : 'sudo timedatectl set-ntp true';
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
