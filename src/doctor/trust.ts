/** Which stores of this machine trust the CA. */
import { loadOrCreateAuthority } from '../tls/authority.ts';
import { readAuthorityFiles } from '../tls/authority-files.ts';
import { authorityFolder } from '../tls/retired-authorities.ts';
import { type StoreReport, trustReport } from '../tls/trust/trust-report.ts';
import type { Check, Finding } from './check.ts';
import type { DoctorMachine } from './machine.ts';

const NAMED = { id: 'trust', title: 'Trust' };

/** See the file's header. */
export const trust: Check = {
  ...NAMED,
  // keytool takes seconds, and macOS may ask its user.
  timeoutMs: 20_000,
  look: async (machine) => {
    const { settings, now, home } = machine;
    const files = await readAuthorityFiles(authorityFolder(settings.dataDir)).catch(() => null);
    if (files === null) return [{ ...NAMED, state: 'unknown', detail: 'there is no CA that could be trusted' }];
    const authority = await loadOrCreateAuthority(settings.dataDir, { domains: settings.domains, now }).catch(
      () => null,
    );
    if (authority === null) return [{ ...NAMED, state: 'unknown', detail: 'the CA cannot be used' }];
    const { stores } = await trustReport(authority, home, await machine.trustOptions());
    if (stores.length > 0)
      return withOneForAll(
        stores.map((store) => findingOf(store, machine)),
        machine,
      );
    const detail = 'no trust store was found; other programs take the CA from the environment';
    return [{ ...NAMED, state: 'ok', detail, fix: `eval "$(${machine.line('ca', 'env')})"` }];
  },
};

/** Browsers stop at a certificate that they do not trust; for the others plain http and `ca env` are there. */
function findingOf({ id, title, kind, trusted, commands }: StoreReport, machine: DoctorMachine): Finding {
  const named = { id: `trust.${id}`, title: `Trust of ${title}` };
  if (trusted) return { ...named, state: 'ok', detail: 'trusts the CA' };
  const fix = commands.length === 0 ? machine.line('trust') : commands.map(asOne).join(' && ');
  return { ...named, state: kind === 'browser' ? 'problem' : 'advice', detail: 'does not trust the CA', fix };
}

/** Where several are left, one command does them all; it stands with the first. */
function withOneForAll(findings: Finding[], machine: DoctorMachine): Finding[] {
  const [first, second] = findings.filter(({ state }) => state !== 'ok');
  if (!first || !second) return findings;
  const detail = `${first.detail}; all of them at once: ${machine.line('trust')}`;
  return findings.map((finding) => (finding === first ? { ...finding, detail } : finding));
}

/** A line that is several commands keeps its meaning between others. */
function asOne(line: string): string {
  return /&&|\|\|/.test(line) ? `{ ${line}; }` : line;
}
