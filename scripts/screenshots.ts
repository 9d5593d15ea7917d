/**
 * Pictures of every page and view into docs/screenshots/, from the browser test that judges them, on a machine that shows
 * nothing of the real one: namespaces in which nothing else runs, listens or answers, and the home folder of a developer
 * who does not exist. Linux only; as root, or where unprivileged namespaces are allowed.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const FOLDER = `${ROOT}/docs/screenshots`;
const HOME = '/home/kim';

/** The checkout is seen at /mnt, so that its own path is in no picture. */
const INSIDE = `
set -e
ip link set lo up
mount --bind "$1" /mnt
for folder in /home /run /tmp; do mount -t tmpfs tmpfs "$folder"; done
mkdir -p ${HOME}/code ${HOME}/.local/share/hostwise /run/user/1000
cd /mnt
export PATH="/mnt/node_modules/.bin:$PATH" HOME=/run/user/1000 TMPDIR=/run/user/1000
export SCREENSHOTS=/mnt/docs/screenshots SCREENSHOTS_HOME=${HOME}
shift
exec vitest run test/e2e/every-page.test.ts "$@"
`;

/** Some of them: `npm run screenshots -- -t picker`. */
const which = process.argv.slice(2);
if (which.length === 0) rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
const root = process.getuid?.() === 0 ? [] : ['--map-root-user'];
const flags = [...root, '--mount', '--pid', '--fork', '--mount-proc', '--net', '--kill-child'];
const { status, error } = spawnSync('unshare', [...flags, 'sh', '-c', INSIDE, 'sh', ROOT, ...which], {
  stdio: 'inherit',
});
if (error) console.error(`unshare could not be started: ${error.message}; it is part of util-linux`);
process.exitCode = status ?? 1;
