/**
 * The jobs of launchd on macOS as text. Pure. An agent needs no password and runs as its user; a daemon has 443 on loopback.
 * @see launchd.plist(5)
 */

import { type HelperSocket, type HelperUser, helperWords } from './bind-helper.ts';

/** What the plist says. All paths absolute. */
export interface LaunchdPlan {
  /** node and the script. */
  program: readonly string[];
  /** Flags of `run`, the data folder among them. */
  flags: readonly string[];
  dataDir: string;
  /** Where programs that it runs (lsof, ssh, certutil) are. */
  path: string;
  /** For what is printed beside the log: the last words of a crash. */
  outputFile: string;
}

/** Its name among the user's jobs. */
export const LAUNCHD_LABEL = 'localhost.hostwise';

/** See systemd.ts. */
export const PLIST_MARK = '<!-- Written by "hostwise service install"; "hostwise service uninstall" removes it. -->';

/** 077: what it makes is its user's alone. */
const UMASK = 0o077;

/**
 * Where a daemon's last words are. launchd opens it as root, so it is in no folder of a user's, who could put a link in
 * its place.
 */
export const DAEMON_OUTPUT = '/var/log/hostwise.output.log';

/** What a daemon of the whole machine says besides. */
export interface LaunchDaemonPlan extends Omit<LaunchdPlan, 'outputFile'> {
  user: HelperUser & { home: string };
  sockets: readonly HelperSocket[];
}

/**
 * The plist of a daemon: root's, for ports below 1024 on loopback. Root opens them and nothing else (bind-helper.ts).
 * launchd's own Sockets would do without the helper, but can be taken over by a call in C only (launch_activate_socket).
 */
export function launchDaemon(plan: LaunchDaemonPlan): string {
  const { program, flags, user, sockets } = plan;
  const words = [...program, 'run', '--run-by', 'launchd-daemon', ...flags];
  return plist({ ...plan, outputFile: DAEMON_OUTPUT }, helperWords(user, sockets, words), { HOME: user.home });
}

/** The plist of an agent. KeepAlive starts it again after a crash and after "hostwise restart", not after "hostwise stop". */
export function launchAgent(plan: LaunchdPlan): string {
  return plist(plan, [...plan.program, 'run', '--run-by', 'launchd', ...plan.flags], {});
}

function plist(
  { dataDir, path, outputFile }: LaunchdPlan,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): string {
  const variables = Object.entries({ HOSTWISE_DATA_DIR: dataDir, PATH: path, ...env });
  return `<?xml version="1.0" encoding="UTF-8"?>
${PLIST_MARK}
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${LAUNCHD_LABEL}</string>
  <key>ProgramArguments</key>
  <array>
${words.map((word) => `    <string>${xml(word)}</string>`).join('\n')}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
${variables.map(([name, value]) => `    <key>${name}</key>\n    <string>${xml(value)}</string>`).join('\n')}
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>2</integer>
  <key>ProcessType</key>
  <string>Interactive</string>
  <key>Umask</key>
  <integer>${UMASK}</integer>
  <key>SoftResourceLimits</key>
  <dict>
    <key>NumberOfFiles</key>
    <integer>65536</integer>
  </dict>
  <key>StandardOutPath</key>
  <string>${xml(outputFile)}</string>
  <key>StandardErrorPath</key>
  <string>${xml(outputFile)}</string>
</dict>
</plist>
`;
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Whose plist this is: the data folder that it was installed for; undefined for one that is not ours. */
export function plistDataDir(text: string): string | undefined {
  if (!text.includes(PLIST_MARK)) return undefined;
  const found = /<key>HOSTWISE_DATA_DIR<\/key>\s*<string>([^<]*)<\/string>/.exec(text)?.[1];
  return found === undefined ? undefined : plain(found);
}

/** The words of ProgramArguments in a plist that {@link launchAgent} wrote; none for another text. */
export function plistWords(text: string): string[] {
  const list = /<key>ProgramArguments<\/key>\s*<array>([\s\S]*?)<\/array>/.exec(text)?.[1] ?? '';
  return [...list.matchAll(/<string>([^<]*)<\/string>/g)].map(([, word]) => plain(word ?? ''));
}

function plain(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
