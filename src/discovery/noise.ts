/**
 * What listens on a developer's machine and is never meant by a hostname. Pure.
 *
 * Marking is by what a program is, never by where it was started or how high its port is: databases, local LLM servers,
 * admin pages and code-server are candidates, and so is whatever is run from inside a project (somebody develops dnsmasq).
 */
import path from 'node:path';
import { NOISE_HOSTWISE } from '../core/noise.ts';
import type { Listen, ProcessService } from '../core/service.ts';

/** Reason for noise of an engine's port forwarders: the containers themselves are listed. */
export const NOISE_FORWARDER = 'forwards ports of containers';

/** What the marking depends on beside the process. */
export interface NoiseContext {
  /** Our own processes. */
  ownPids: ReadonlySet<number>;
  /** Our entry script, absolute: another hostwise runs the same one. */
  ownScript?: string | undefined;
  /** Are containers listed by their engine? Then its port forwarders show the same services a second time. */
  listsContainers: boolean;
}

/** Path of the executable, where the backend could read it. */
type Executable = string | undefined;

/**
 * Why a process is no candidate, in words for a person; undefined for a candidate.
 * @param exe path of its executable, where known
 */
export function noiseReason(
  service: ProcessService,
  context: NoiseContext,
  exe: Executable = undefined,
): string | undefined {
  if (context.ownPids.has(service.pid)) return NOISE_HOSTWISE;
  if (isHostwise(service, context.ownScript)) return NOISE_HOSTWISE;
  if (service.pid === 0) return unseenDaemon(service);
  const program = programOf(service, exe);
  if (program.isBuiltHere) return undefined;
  const toolReason = TOOL_SCRIPTS.find(({ pattern }) => pattern.test(program.script))?.reason;
  if (toolReason !== undefined) return toolReason;
  if (FORWARDERS.test(program.name)) return context.listsContainers ? NOISE_FORWARDER : undefined;
  // Editors in the browser are opened by their URL.
  if (/\bserve-web\b|\/code-server\b/.test(service.args.slice(0, 4096))) return undefined;
  return PROGRAMS.find(({ names, where }) => names.test(program.name) || where?.test(program.path))?.reason;
}

/** Installed under its own name, or run from the same script as we are. */
function isHostwise({ argv, args, cwd, project }: ProcessService, ownScript: string | undefined): boolean {
  // Without argv the boundaries are a guess: a path of ours with blanks in it is looked for as a whole.
  if (argv === undefined && ownScript !== undefined && `${args} `.includes(` ${ownScript} `)) return true;
  const script = (argv ?? args.split(' ', 2))[1];
  if (script === undefined || script.startsWith('-')) return false;
  if (path.basename(script) === 'hostwise') return true;
  // Another checkout, or the installed package.
  if (project?.name === 'hostwise' && /(?:^|\/)(?:src\/main\.ts|dist\/main\.js)$/.test(script)) return true;
  return ownScript !== undefined && path.resolve(cwd ?? '/', script) === ownScript;
}

/**
 * Why one port of a process is no candidate, though the process may be.
 * @param exe path of its executable, where known
 */
export function listenNoise(service: ProcessService, listen: Listen, exe: Executable = undefined): string | undefined {
  const { argv } = service;
  const args = argv ?? service.args.split(' ');
  const debugged = debuggerPorts(args);
  if (debugged.has(listen.port)) return 'debugger';
  const isInspectorPort = listen.port >= FIRST_INSPECTOR_PORT && listen.port <= LAST_INSPECTOR_PORT;
  if (isInspectorPort && hasInspector(args[0], service.command, exe) && !mentions(args, listen.port))
    return 'debugger (Node’s inspector)';
  return undefined;
}

/** Node's inspector takes 9229; workers, Wrangler and editors count up from there. */
const FIRST_INSPECTOR_PORT = 9229;
const LAST_INSPECTOR_PORT = 9249;

/** Programs that open an inspector there without an argument saying so: for a worker, or by a variable. */
const INSPECTED = /^(?:node(?:js)?[\d.]*|bun|deno|workerd)$/;

/** The executable tells, since a script may call its process anything; where it is not known, either name. */
function hasInspector(first: string | undefined, command: string, exe: Executable): boolean {
  const names = exe === undefined ? [first ?? '', command] : [exe];
  return names.some((name) => INSPECTED.test(path.basename(name)));
}

/** Arguments that open a debugger, with their port; without one it is the default. */
const DEBUG_FLAGS: { pattern: RegExp; defaultPort?: number }[] = [
  { pattern: /^--inspect(?:-brk|-wait|-port)?(?:=(?:.*:)?(\d{1,5}))?$/, defaultPort: 9229 },
  { pattern: /^--(?:remote-debugging-port|debug-port)=(\d{1,5})$/ },
  { pattern: /^-(?:agentlib:jdwp=|Xrunjdwp:).*address=(?:[^,]*:)?(\d{1,5})(?:,|$)/ },
];

function debuggerPorts(argv: readonly string[]): Set<number> {
  const ports = new Set<number>();
  for (const [i, arg] of argv.entries()) {
    if (arg.length > 1024) continue;
    for (const { pattern, defaultPort } of DEBUG_FLAGS) {
      const match = pattern.exec(arg);
      if (match) ports.add(Number(match[1] ?? defaultPort));
    }
    // `python -m debugpy --listen 5678 app.py`, `rdbg --port 1234`
    const listen = /^(?:--listen|--port)$/.test(arg) ? /^(?:.*:)?(\d{1,5})$/.exec(argv[i + 1] ?? '') : null;
    if (listen?.[1] && argv.slice(0, i).some((before) => /(?:^|\/)(?:debugpy|rdbg)$/.test(before)))
      ports.add(Number(listen[1]));
  }
  return ports;
}

/** Does the command line ask for this port (other than by the flags above)? Then it is the application's. */
function mentions(argv: readonly string[], port: number): boolean {
  const pattern = new RegExp(`(?:^|[^\\d.])${port}$`);
  const isInspect = (arg: string | undefined) => arg?.startsWith('--inspect') === true;
  return argv.some((arg, i) => arg.length <= 1024 && !isInspect(arg) && !isInspect(argv[i - 1]) && pattern.test(arg));
}

/** Debuggers, kernels and build helpers that are run by an interpreter: known by their script. */
const TOOL_SCRIPTS: { pattern: RegExp; reason: string }[] = [
  {
    pattern:
      /\/\.(?:vscode|cursor|windsurf|vscodium|positron)-server(?:-insiders)?\/|\/\.(?:vscode|cursor|windsurf)\/extensions\//,
    reason: 'editor',
  },
  {
    pattern: /(?:^|[\s/])(?:[\w.-]*(?:language-?server|langserver|-lsp)|tsserver|copilot-agent)(?:\.[cm]?js)?(?=\s|$)/i,
    reason: 'language server',
  },
  { pattern: /\bipykernel(?:_launcher)?\b/, reason: 'notebook kernel' },
  { pattern: /\/nx\/.*\/daemon\/server\//, reason: 'build daemon (Nx)' },
  { pattern: /\borg\.gradle\.launcher\.daemon\b|\borg\.jetbrains\.kotlin\.daemon\b/, reason: 'build daemon (Gradle)' },
  // Not by the directory: an application started from the editor has the editor's agent in its command line.
  {
    pattern: /\bcom\.intellij\.idea\.Main\b|-Didea\.(?:paths\.selector|platform\.prefix|vendor\.name)=/,
    reason: 'editor (JetBrains)',
  },
];

/** Programs that listen for an engine on behalf of containers. */
const FORWARDERS =
  /^(?:docker-proxy|rootlesskit|rootlessport|slirp4netns|pasta|com\.docker\.(?:backend|vpnkit)|com\.docke|vpnkit-bridge|OrbStack(?: Helper)?|gvproxy|limactl)$/;

/** Programs by name, or by where they are installed. */
const PROGRAMS: { names: RegExp; where?: RegExp; reason: string }[] = [
  {
    names: /^(?:code|code-insiders|code-oss|code-tunnel|codium|vscodium|Code Helper.*|Electron Helper.*)$/,
    where: /\/(?:Visual Studio Code|VSCodium)\.app\//,
    reason: 'editor (VS Code)',
  },
  { names: /^(?:cursor|Cursor(?: Helper.*)?)$/, where: /\/Cursor\.app\//, reason: 'editor (Cursor)' },
  {
    names: /^(?:windsurf|zed|zed-editor|zeditor|sublime_text|emacs|nvim|vim|positron)$/,
    where: /\/(?:Windsurf|Zed)\.app\//,
    reason: 'editor',
  },
  {
    names:
      /^(?:idea|phpstorm|webstorm|pycharm|goland|rider|clion|rubymine|rustrover|datagrip|fleet|studio)(?:64)?$|^Rider\.Backend$|^Rider\.Bac$/,
    where:
      /\/JetBrains\/(?!.*\/jbr)|\/(?:IntelliJ IDEA|PhpStorm|WebStorm|PyCharm|GoLand|Rider|CLion|RubyMine|RustRover|DataGrip|Android Studio)[^/]*\.app\//,
    reason: 'editor (JetBrains)',
  },
  {
    names: /^(?:gopls|rust-analyzer|clangd|jdtls|pylsp|ruff-lsp|lua-language-server|.*-language-server|.*-lsp)$/,
    reason: 'language server',
  },
  { names: /^(?:dlv|dlv-dap|debugserver|lldb-server|gdbserver|codelldb|js-debug)$/, reason: 'debugger' },
  {
    names:
      /^(?:chrome|google-chrome(?:-\w+)?|chromium(?:-browser)?|chrome-headless-shell|headless_shell|brave(?:-browser)?|msedge|microsoft-edge|vivaldi(?:-bin)?|opera|Google Chrome.*)$/,
    where: /\/(?:Google Chrome|Chromium|Brave Browser|Microsoft Edge|Arc)[^/]*\.app\//,
    reason: 'browser (Chromium)',
  },
  {
    names: /^(?:firefox(?:-esr|-bin)?|librewolf|zen|Safari)$/,
    where: /\/(?:Firefox|Safari)[^/]*\.app\//,
    reason: 'browser',
  },
  { names: /^(?:chromedriver|geckodriver|msedgedriver|safaridriver)$/, reason: 'drives a browser' },
  {
    names:
      /^(?:sshd.*|systemd|systemd-.*|\(?sd-pam\)?|init|launchd.*|inetd|xinetd|cupsd?|cups-browsed|dnsmasq|unbound|named|avahi-daemon|rpcbind|rpc\..*|portmap|containerd|dockerd|containerd-shim.*|podman|crio|kubelet|chronyd|ntpd|exim4|master|sendmail|smbd|nmbd|winbindd|tailscaled|NetworkManager|snapd|xrdp.*|Xvnc|Xorg|gnome-remote-de.*|epmd|gpg-agent|ssh-agent|adb|watchman)$/,
    reason: 'system daemon',
  },
  // It holds ports 5000 and 7000, where many an application would be.
  { names: /^(?:ControlCenter|ControlCe|AirPlayXPCHelper|AirPlayUIAgent)$/, reason: 'AirPlay receiver (macOS)' },
  {
    names: /^(?:rapportd|sharingd|remoted|identityservicesd|screensharingd|ARDAgent)$/,
    // The system's own interpreters run anybody's programs.
    where: /^\/(?:System\/Library\/(?!Frameworks\/(?:Ruby|Python|Perl|Tcl)\.)|usr\/libexec\/)/,
    reason: 'system daemon (macOS)',
  },
  {
    names:
      /^(?:spotify|slack|discord|Discord|dropbox|steam|steamwebhelper|kdeconnectd|1password|1Password.*|Raycast|figma_agent|figma_age|teams|zoom|obs|signal-desktop|telegram-desktop|insync|megasync|onedrive)$/,
    where:
      /\/(?:Spotify|Slack|Discord|Dropbox|Steam|Raycast|Figma|FigmaAgent|Microsoft Teams|zoom\.us|1Password)\.app\//,
    reason: 'desktop application',
  },
  { names: /^(?:wandb-core)$/, reason: 'helper of a training run' },
];

/** Ports that a socket of the system, whose process may not be seen, is told by. */
const DAEMON_PORTS = new Map([
  [22, 'ssh'],
  [53, 'name service'],
  [111, 'rpcbind'],
  [631, 'printing'],
  [5355, 'name service'],
]);

/** Users below this are the system's (login.defs, UID_MIN). */
const FIRST_PERSON_UID = 1000;

function unseenDaemon({ listen, uid }: ProcessService): string | undefined {
  if (uid === undefined || uid >= FIRST_PERSON_UID) return undefined;
  const daemon = listen.every(({ port }) => DAEMON_PORTS.has(port))
    ? DAEMON_PORTS.get(listen[0]?.port ?? 0)
    : undefined;
  return daemon === undefined ? undefined : `system daemon (${daemon}, by its port)`;
}

interface Program {
  name: string;
  /** Where it is installed, '' when unknown. */
  path: string;
  /** Program, flags and script: what tells the tools that an interpreter runs. */
  script: string;
  /** Was it built by whoever runs it? Then its name may be anybody's. */
  isBuiltHere: boolean;
}

function programOf(service: ProcessService, exe: Executable): Program {
  const argv = service.argv ?? service.args.split(' ');
  const first = argv[0] ?? '';
  // Without the executable, argv[0] is most often its path. A command line that only a blank divides may have blanks in it.
  const program = exe ?? (service.argv && first.startsWith('/') ? first : '');
  return {
    name: nameOf(service, program),
    path: service.argv || exe ? program : service.args.slice(0, 1024),
    script: argv.slice(0, 64).join(' ').slice(0, 4096),
    isBuiltHere: isBuiltHere(service, program),
  };
}

/** In the project, or where `go run` and the like put what they build. */
function isBuiltHere({ project, git }: ProcessService, program: string): boolean {
  // Installed, wherever that is: a Node of a checkout in /tmp runs language servers like any other.
  if (program.includes('/node_modules/')) return false;
  if (/^(?:\/tmp\/(?!\.mount_)|\/var\/tmp\/|\/private\/var\/folders\/)|\/go-build/.test(program)) return true;
  return [project?.root, git?.root].some((directory) => {
    if (directory === undefined || !program.startsWith(`${directory}/`)) return false;
    // Hidden folders of a home directory and installed packages hold other people's programs.
    return !/(?:^|\/)(?:\.(?!\/)|node_modules\/)/.test(program.slice(directory.length + 1));
  });
}

/**
 * The executable's name where it is known: a process may call itself anything. What an interpreter runs is told by
 * its script instead; only Electron's applications are told by what they call themselves.
 */
function nameOf({ command }: ProcessService, program: string): string {
  const own = path.basename(program);
  if (own === '' || own === 'electron') return command;
  return /^(?:node|python[\d.]*|java|ruby|bun|deno|perl|php[\d.]*)$/.test(own) ? '' : own;
}
