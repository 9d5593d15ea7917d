/**
 * Who called sudo. What belongs to a person (the CA, the stores of browsers) is that person's also where root's rights
 * were needed for one step, and stays readable for them.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The person behind sudo. */
export interface InvokingUser {
  uid: number;
  gid: number;
  name: string;
  /** As the user database has it; undefined where it does not know them. */
  home: string | undefined;
}

const GETENT_TIMEOUT_MS = 3_000;

/**
 * The user who called sudo; undefined where we are not root, or root has called us.
 * @param env SUDO_UID, SUDO_GID and SUDO_USER are believed: only root could gain by lying
 */
export function invokingUser(
  env: Record<string, string | undefined>,
  euid: number | undefined = process.geteuid?.(),
): InvokingUser | undefined {
  const uid = idOf(env.SUDO_UID);
  if (euid !== 0 || uid === undefined || uid === 0) return undefined;
  const name = env.SUDO_USER ?? '';
  return { uid, gid: idOf(env.SUDO_GID) ?? uid, name, home: homeOf(uid) };
}

function idOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/** The file knows local users; users of a directory service are asked for, only then. */
function homeOf(uid: number): string | undefined {
  return homeIn(readPasswd(), uid) ?? homeIn(askDatabase(uid), uid);
}

/** The home folder of a uid in lines as passwd(5) has them. */
export function homeIn(passwd: string, uid: number): string | undefined {
  for (const line of passwd.split('\n')) {
    const fields = line.split(':');
    const home = fields[5];
    if (fields[2] === String(uid) && home !== undefined && path.isAbsolute(home)) return home;
  }
  return undefined;
}

function readPasswd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8');
  } catch {
    return '';
  }
}

function askDatabase(uid: number): string {
  const asked = spawnSync('getent', ['passwd', String(uid)], { encoding: 'utf8', timeout: GETENT_TIMEOUT_MS });
  return asked.status === 0 ? asked.stdout : '';
}
