/** What the bench needs that npm does not bring: says what is missing, and installs http-proxy-3 on demand. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Program -> Debian package. */
const PROGRAMS: Readonly<Record<string, string>> = {
  nginx: 'nginx-light',
  caddy: 'caddy',
  wrk: 'wrk',
  h2load: 'nghttp2-client',
  curl: 'curl',
  openssl: 'openssl',
  taskset: 'util-linux',
};

/** @throws with the command that installs what is missing */
export function requirePrograms(): void {
  const missing = Object.keys(PROGRAMS).filter((name) => spawnSync('which', [name]).status !== 0);
  if (missing.length === 0) return;
  const packages = missing.map((name) => PROGRAMS[name]).join(' ');
  throw new Error(
    `Missing: ${missing.join(', ')}. On Debian: apt-get install -y --no-install-recommends ${packages}\n` +
      'nginx and caddy may then run as services; stop them: systemctl disable --now nginx caddy',
  );
}

/** Installed here and nowhere else: the project itself does not depend on it. */
export function installHttpProxy3(): void {
  if (existsSync(`${HERE}node_modules/http-proxy-3/package.json`)) return;
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: HERE, stdio: 'inherit' });
}

/** What is measured is what is published. */
export function buildBundle(): void {
  execFileSync(process.execPath, [`${ROOT}scripts/build.ts`], { cwd: ROOT, stdio: 'ignore' });
}

/** A certificate for every hostname of the bench, of the kind that hostwise makes: P-256. */
export function makeCertificate(folder: string): { cert: string; key: string } {
  const [cert, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
  const names = 'subjectAltName=DNS:web.localhost,DNS:node.localhost';
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '7'];
  const args = ['req', '-x509', ...kind, '-subj', '/CN=bench', '-addext', names, '-keyout', key, '-out', cert];
  execFileSync('openssl', args, { stdio: 'ignore' });
  return { cert, key };
}
