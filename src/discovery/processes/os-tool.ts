/**
 * Running the operating system's own tools: lsof, ps, netstat. Each in one language, so that its output can be read.
 */
import { existsSync } from 'node:fs';
import { platform } from 'node:process';
import { type RunResult, run } from '../../platform/exec.ts';

/** The tools that are asked. */
export type Tool = 'lsof' | 'ps' | 'netstat';

/** Runs one of them; never rejects. A test gives its own. */
export type RunTool = (tool: Tool, args: readonly string[]) => Promise<RunResult>;

/**
 * Where they are: launchd starts a service with a PATH that lacks /usr/sbin, and nothing earlier in a PATH may stand
 * in for them. Elsewhere the PATH is asked.
 */
const PLACES: Record<Tool, readonly string[]> = {
  lsof: ['/usr/sbin/lsof', '/usr/bin/lsof'],
  ps: ['/bin/ps', '/usr/bin/ps'],
  netstat: ['/usr/sbin/netstat', '/usr/bin/netstat'],
};

/** lsof writes every byte that is not ASCII as `\xNN` here, whatever the system: exact, where a cut character is not. */
const ASCII = { LC_ALL: 'C' };

/**
 * ps replaces what its language has no characters for, and writes times in its language and zone. `LC_ALL` goes before
 * the others unless it is empty; macOS calls the character set `UTF-8`.
 */
const UTF8 = {
  LC_ALL: '',
  LANG: 'C',
  LC_TIME: 'C',
  LC_CTYPE: platform === 'darwin' ? 'UTF-8' : 'C.UTF-8',
  TZ: 'UTC0',
};

/** A scan asks twice in a row, and is given up after 10 s. */
const TIMEOUT_MS = 4_000;
/** A command line may have 2 MB, and ps prints all of it. */
const MAX_BYTES = 32 * 1024 * 1024;

/** The real {@link RunTool}. Code null where the tool is missing or takes longer than 4 s. */
export const runTool: RunTool = (tool, args) =>
  run(PLACES[tool].find((place) => existsSync(place)) ?? tool, args, {
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
    env: tool === 'ps' ? UTF8 : ASCII,
  });
