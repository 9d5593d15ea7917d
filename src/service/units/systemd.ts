/**
 * The units of systemd as text. Pure. Two kinds: for the machine (root opens 443 and 80 on loopback and hands them over;
 * the program runs as its user, with no capability) and for the user's own manager (no root, so whatever ports that user
 * may have).
 * @see systemd.exec(5), systemd.socket(5), systemd.syntax(7)
 */

/** What the units say. All paths absolute. */
export interface SystemdPlan {
  /** node and the script. */
  program: readonly string[];
  /** Flags of `run`, the data folder among them. */
  flags: readonly string[];
  dataDir: string;
  /** Folders that it writes into. */
  writable: readonly string[];
  /** Where programs that it runs (lsof, ssh, certutil) are. */
  path: string;
}

/** The same for the whole machine. */
export interface SystemPlan extends SystemdPlan {
  /** Whose dev servers these are: name, or uid where it has none. */
  user: string;
  /** Addresses without brackets. */
  hosts: readonly string[];
  ports: Record<SocketName, number>;
}

/** The two sockets. */
export type SocketName = 'https' | 'http';

/** A file to write: its name in the folder of units, and its text. */
export interface Unit {
  name: string;
  text: string;
}

/** Every unit that there may be, sockets first: the order in which to stop them. */
export const UNIT_NAMES = ['hostwise-https.socket', 'hostwise-http.socket', 'hostwise.service'] as const;

/** The first line of each: what it is not on is not ours to change or remove. */
export const UNIT_MARK = '# Written by "hostwise service install"; "hostwise service uninstall" removes it.';

/** Units for the whole machine. */
export function systemUnits(plan: SystemPlan): Unit[] {
  const sockets = (['https', 'http'] as const).map((name) => socketUnit(name, plan));
  return [...sockets, { name: 'hostwise.service', text: systemService(plan) }];
}

/** The unit for the user's own manager. */
export function userUnits(plan: SystemdPlan): Unit[] {
  return [{ name: 'hostwise.service', text: userService(plan) }];
}

/** One socket unit a name, since FileDescriptorName= is the unit's. */
function socketUnit(name: SocketName, { hosts, ports, dataDir }: SystemPlan): Unit {
  const addresses = hosts.map((host) => `${host.includes(':') ? `[${host}]` : host}:${ports[name]}`);
  return {
    name: `hostwise-${name}.socket`,
    text: unitText(dataDir, {
      Unit: [`Description=hostwise: port ${ports[name]} for ${name}`],
      Socket: [
        ...addresses.map((address) => `ListenStream=${address}`),
        'BindIPv6Only=ipv6-only',
        `FileDescriptorName=${name}`,
        'Service=hostwise.service',
        'NoDelay=yes',
        'Backlog=1024',
      ],
      Install: ['WantedBy=sockets.target'],
    }),
  };
}

/**
 * What is not here, and why: PrivateTmp= (projects in /tmp have names, too), ProtectProc= and ProcSubset= (discovery
 * reads /proc), IPAddressDeny= (upstreams in container networks and the LLM's API are not loopback),
 * MemoryDenyWriteExecute= (V8 makes code at run time).
 */
function systemService(plan: SystemPlan): string {
  return unitText(plan.dataDir, {
    Unit: [
      'Description=hostwise: https://<project>.localhost for dev servers',
      'Requires=hostwise-https.socket hostwise-http.socket',
      'After=hostwise-https.socket hostwise-http.socket network.target',
      ...START_LIMIT,
    ],
    Service: [
      ...execution(plan, 'systemd'),
      `User=${plan.user}`,
      'NoNewPrivileges=yes',
      'CapabilityBoundingSet=',
      'AmbientCapabilities=',
      'ProtectSystem=strict',
      'ProtectHome=read-only',
      ...plan.writable.map((folder) => `ReadWritePaths=${quotedPath(folder)}`),
      'PrivateDevices=yes',
      'ProtectKernelTunables=yes',
      'ProtectKernelModules=yes',
      'ProtectKernelLogs=yes',
      'ProtectControlGroups=yes',
      'ProtectClock=yes',
      'ProtectHostname=yes',
      'RestrictNamespaces=yes',
      'RestrictSUIDSGID=yes',
      'RestrictRealtime=yes',
      'LockPersonality=yes',
      'RemoveIPC=yes',
      'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK',
      'SystemCallArchitectures=native',
      'SystemCallFilter=@system-service',
      'SystemCallFilter=~@privileged @resources',
      'SystemCallErrorNumber=EPERM',
    ],
    Install: ['Also=hostwise-https.socket hostwise-http.socket', 'WantedBy=multi-user.target'],
  });
}

/** Without root's rights a manager can give up privileges, but hide no file systems (systemd.exec(5), "Sandboxing"). */
function userService(plan: SystemdPlan): string {
  return unitText(plan.dataDir, {
    Unit: ['Description=hostwise: https://<project>.localhost for dev servers', ...START_LIMIT],
    Service: [
      ...execution(plan, 'systemd-user'),
      'NoNewPrivileges=yes',
      'RestrictSUIDSGID=yes',
      'RestrictRealtime=yes',
      'RestrictNamespaces=yes',
      'LockPersonality=yes',
      'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK',
      'SystemCallArchitectures=native',
    ],
    Install: ['WantedBy=default.target'],
  });
}

/** A program that cannot start (wrong settings) is given up until somebody has a look. */
const START_LIMIT = ['StartLimitIntervalSec=60', 'StartLimitBurst=5'];

function execution({ program, flags, path }: SystemdPlan, runBy: string): string[] {
  const words = [...program, 'run', '--run-by', runBy, ...flags];
  return [
    'Type=exec',
    `ExecStart=${words.map(commandWord).join(' ')}`,
    `Environment=${assignment('PATH', path)}`,
    'Restart=on-failure',
    'RestartSec=1',
    // "hostwise restart" asks for it so, without anybody's rights.
    'RestartForceExitStatus=75',
    'TimeoutStopSec=20',
    'LimitNOFILE=65536',
    'UMask=0077',
  ];
}

function unitText(dataDir: string, sections: Record<string, readonly string[]>): string {
  const head = [UNIT_MARK, `# Data folder: ${JSON.stringify(dataDir)}`];
  const body = Object.entries(sections).map(([name, lines]) => [`[${name}]`, ...lines].join('\n'));
  return `${head.join('\n')}\n${body.join('\n\n')}\n`;
}

/**
 * A word of ExecStart=: quoted, with C escapes and `%` doubled; `$` is doubled, too, but in the program, which systemd
 * does not expand (systemd.service(5), "Command lines"; seen with `systemd-analyze verify`).
 */
function commandWord(word: string, index: number): string {
  if (/^[\w@+=:,./-]+$/.test(word)) return word;
  const inQuotes = escaped(word);
  return `"${index === 0 ? inQuotes : inQuotes.replaceAll('$', '$$$$')}"`;
}

function assignment(name: string, value: string): string {
  return `"${name}=${escaped(value)}"`;
}

function quotedPath(path: string): string {
  return /^[\w@+=:,./-]+$/.test(path) ? path : `"${escaped(path)}"`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('%', '%%');
}

/** Whose unit this is: the data folder that it was installed for; undefined for one that is not ours. */
export function unitDataDir(text: string): string | undefined {
  const [mark, second = ''] = text.split('\n', 2);
  const quoted = /^# Data folder: (".*")$/.exec(second)?.[1];
  if (mark !== UNIT_MARK || quoted === undefined) return undefined;
  try {
    return String(JSON.parse(quoted));
  } catch {
    return undefined;
  }
}

/** The words of ExecStart= in a unit that {@link systemUnits} or {@link userUnits} wrote; none for another text. */
export function unitWords(text: string): string[] {
  const line = /^ExecStart=(.*)$/m.exec(text)?.[1] ?? '';
  const words = line.match(/"(?:[^"\\]|\\.)*"|[^\s"]+/g) ?? [];
  return words.map((word, index) => {
    const inner = word.startsWith('"') ? word.slice(1, -1) : word;
    const plain = inner.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char)).replaceAll('%%', '%');
    return index === 0 ? plain : plain.replaceAll('$$', '$');
  });
}
