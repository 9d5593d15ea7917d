/**
 * Complete package-lock.json with the other platforms' packages that the registry could not give: run it after adding
 * or updating a dependency. A mirror may lag behind with them; npm then leaves them out without a word, and the next
 * `npm ci` refuses the lockfile on every machine. The entries carry no integrity: npm fetches that where it installs them.
 * `--check` changes nothing and fails when something is missing. Another lockfile may be named as an argument.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const checkOnly = process.argv.includes('--check');
const [lockfile = new URL('../package-lock.json', import.meta.url)] = process.argv.slice(2).filter(isPath);
const lock = JSON.parse(readFileSync(lockfile, 'utf8'));
const added = [];
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const place = missingPlace(path, name, version);
    if (place === null) continue;
    lock.packages[place] = platformEntry(name, version, entry);
    added.push(`${name}@${version}`);
  }
}
if (added.length > 0 && !checkOnly) {
  const root = lock.packages[''];
  const others = Object.entries(lock.packages).filter(([path]) => path !== '');
  others.sort(([a], [b]) => a.localeCompare(b, 'en'));
  lock.packages = Object.fromEntries([['', root], ...others]);
  writeFileSync(lockfile, `${JSON.stringify(lock, null, 2)}\n`);
}
console.log(
  `${Object.keys(lock.packages).length} packages in package-lock.json, ${added.length} ${checkOnly ? 'missing' : 'added'}${list(added)}`,
);
if (checkOnly && added.length > 0) process.exitCode = 1;

/** Where npm would put `name` for the package at `path`, or null when the lockfile has it (at any place npm looks). */
function missingPlace(path, name, version) {
  if (!/^\d+\.\d+\.\d+/.test(version)) return null;
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    const found = lock.packages[place];
    if (found !== undefined) return found.version === version ? null : `${path}/node_modules/${name}`;
    if (folder === '' || !folder.includes('node_modules/')) return place;
  }
}

/** A lockfile entry from a name such as `@swc/core-linux-x64-musl`, so that npm skips it on every other platform. */
function platformEntry(name, version, parent) {
  const entry = { version };
  const cpu = /[-.](x64|arm64|arm|ia32|ppc64|s390x|riscv64|loong64|wasm32)\b/.exec(name)?.[1];
  if (cpu !== undefined) entry.cpu = [cpu];
  if (parent.dev) entry.dev = true;
  if (/-(musl|gnu)$/.test(name)) entry.libc = [name.endsWith('musl') ? 'musl' : 'glibc'];
  if (parent.license !== undefined) entry.license = parent.license;
  entry.optional = true;
  const os = /[-.](darwin|linux|win32|android|freebsd|openharmony)\b/.exec(name)?.[1];
  if (os !== undefined) entry.os = [os];
  return entry;
}

function list(names) {
  return names.length === 0 ? '' : `:\n  ${names.join('\n  ')}`;
}

function isPath(argument) {
  return !argument.startsWith('--');
}
