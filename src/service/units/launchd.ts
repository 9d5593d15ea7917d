/**
 * The launch agent of macOS as text. Pure. An agent and not a daemon of root's: it needs no password and runs as its user.
 * @see launchd.plist(5)
 */

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

/** The plist. KeepAlive starts it again after a crash and after "hostwise restart", not after "hostwise stop". */
export function launchAgent({ program, flags, dataDir, path, outputFile }: LaunchdPlan): string {
  const words = [...program, 'run', '--run-by', 'launchd', ...flags];
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
    <key>HOSTWISE_DATA_DIR</key>
    <string>${xml(dataDir)}</string>
    <key>PATH</key>
    <string>${xml(path)}</string>
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
