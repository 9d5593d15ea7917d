/**
 * The root store of a Windows user, which Chrome, Edge and (by itself) Firefox read there. From WSL it is reached with
 * Windows' own programs, because the browser runs on that side.
 * Unverified: written from Microsoft's manuals and portless's sources, not yet run (docs/unverified-trust.md).
 */
import { fingerprintsIn, OUR_NAME_START, ourRootsIn, sha1In } from './our-roots.ts';
import { failureText, type StoreOutcome, type TrustStore, type TrustSurroundings } from './store.ts';

/** Starting Windows' PowerShell takes seconds. */
const LOOK_LIMITS = { timeoutMs: 20_000, maxBytes: 4 * 1024 * 1024 };
/** A dialogue of Windows asks the user. */
const CHANGE_LIMITS = { timeoutMs: 120_000, maxBytes: 64 * 1024 };
const CERTUTIL = 'C:\\Windows\\System32\\certutil.exe';
const POWERSHELL = 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe';
/** certutil's own words are in the user's language; these are ours: base64 of each certificate, a line each. */
const LIST_SCRIPT =
  `Get-ChildItem Cert:\\CurrentUser\\Root | Where-Object { $_.Subject -like 'CN=${OUR_NAME_START}*' } | ` +
  'ForEach-Object { [Convert]::ToBase64String($_.RawData) }';

/** The current user's root store. */
export function windowsRootStore(surroundings: TrustSurroundings): TrustStore {
  const { known } = surroundings;
  return {
    id: 'windows',
    title: surroundings.isWsl ? 'Windows, outside of WSL (Chrome, Edge)' : 'Windows (Chrome, Edge, Firefox)',
    kind: 'browser',
    present: async () => true,
    isTrusted: async (fingerprint) => fingerprintsIn(await readStore(surroundings)).includes(fingerprint),
    ours: async () => ourRootsIn(await readStore(surroundings), known),
    install: async (root) => {
      const file = await windowsPath(surroundings, root.file);
      return change(surroundings, ['-addstore', '-user', 'Root', file]);
    },
    uninstall: async (fingerprint) => {
      for (const sha1 of sha1In(await readStore(surroundings), fingerprint)) {
        const removed = await change(surroundings, ['-delstore', '-user', 'Root', sha1]);
        if (!removed.done) return removed;
      }
      return { done: true };
    },
    commands: (root) => [lineFor(surroundings, ['-addstore', '-user', 'Root', root.file])],
  };
}

async function change(surroundings: TrustSurroundings, words: readonly string[]): Promise<StoreOutcome> {
  const result = await surroundings.run(await programPath(surroundings, CERTUTIL), words, CHANGE_LIMITS);
  if (result.code === 0) return { done: true };
  return { done: false, reason: failureText(result), commands: [lineFor(surroundings, words)] };
}

/** In a shell of WSL the file's path has to be translated; `certutil.exe` itself is on that shell's PATH. */
function lineFor({ isWsl }: TrustSurroundings, words: readonly string[]): string {
  const quoted = words.map((word) => {
    if (!word.startsWith('/')) return /^[\w:.\\-]+$/.test(word) ? word : `"${word}"`;
    return isWsl ? `"$(wslpath -w '${word.replaceAll("'", "'\\''")}')"` : `"${word}"`;
  });
  return [isWsl ? 'certutil.exe' : 'certutil', ...quoted].join(' ');
}

/** Our roots in the store, as PEM. */
async function readStore(surroundings: TrustSurroundings): Promise<string> {
  const words = ['-NoProfile', '-NonInteractive', '-Command', LIST_SCRIPT];
  const { code, stdout } = await surroundings.run(await programPath(surroundings, POWERSHELL), words, LOOK_LIMITS);
  if (code !== 0) return '';
  const bodies = stdout.split(/\s+/).filter((line) => line !== '');
  return bodies.map((body) => `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----`).join('\n');
}

/** By its absolute path: sudo takes Windows' folders off the PATH of a Linux in WSL. */
function programPath(surroundings: TrustSurroundings, file: string): Promise<string> {
  return surroundings.isWsl ? translated(surroundings, '-u', file) : Promise.resolve(file);
}

function windowsPath(surroundings: TrustSurroundings, file: string): Promise<string> {
  return surroundings.isWsl ? translated(surroundings, '-w', file) : Promise.resolve(file);
}

async function translated({ run }: TrustSurroundings, direction: '-u' | '-w', file: string): Promise<string> {
  const { code, stdout } = await run('wslpath', [direction, file], { timeoutMs: 5_000 });
  return code === 0 ? stdout.trim() : file;
}
