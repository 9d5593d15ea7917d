/**
 * Secrets do not leave in a view: command lines, reasons and unknown fields are shown with their secret-looking parts
 * replaced. What a program needs to work (names, ports, directories) passes.
 */
import { looksSecret } from '../core/secrets.ts';

const MASK = '***';
/** In the names of flags, variables, query parameters, headers and JSON fields whose value is a secret. */
const SECRET_WORD =
  'passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|cookie|authorization|signature';
/** Words that say so only as a whole (`--auth=`, `--db-pass`, `--key`), not as a part (`--author`, `--keyboard`). */
const WHOLE = 'pass|pw|auth|key|sig';
const WHOLE_WORD = `(?:^|[-_.])(?:${WHOLE})(?:$|[-_.])`;
const SECRET_NAME = new RegExp(`${SECRET_WORD}|${WHOLE_WORD}`, 'i');
const NAME = `[\\w.-]{0,40}(?:${SECRET_WORD})[\\w.-]{0,40}`;
const VALUE = `"[^"]*"|'[^']*'|[^\\s&;,"']+`;
/** `DB_PASSWORD=x`, `--api-key=x`, `?token=x`, `Cookie: x`, `"secret": "x"`. */
const ASSIGNMENT = new RegExp(`(${NAME}["']?\\s*[=:]\\s*)(?:${VALUE})`, 'gi');
/** `--password x`: a flag, so that `the token expired` stays as it is. */
const FLAG = new RegExp(`(--?${NAME}\\s+)(?!-)(?:${VALUE})`, 'gi');
const WHOLE_NAME = `(?:[\\w.-]{0,40}[-_.])?(?:${WHOLE})(?:[-_.][\\w.-]{0,40})?`;
/** `DB_PASS=x`, `--auth=x`, `?sig=x`. Only with `=`: `the auth: ...` is a sentence. */
const WHOLE_ASSIGNMENT = new RegExp(`(?<![\\w.-])(${WHOLE_NAME}=)(?:${VALUE})`, 'gi');
/** `--db-pass x`. */
const WHOLE_FLAG = new RegExp(`(?<!\\S)(-${WHOLE_NAME}\\s+)(?!-)(?:${VALUE})`, 'gi');
/** Deeper or longer than this is nothing that we made. */
const MAX_DEPTH = 8;
const MAX_TEXT_CHARS = 16_384;

/** Values that are secrets wherever they stand: well-known prefixes, JSON Web Tokens, `Bearer x`, userinfo in a URL. */
const SECRET_VALUES: readonly [RegExp, string][] = [
  [/\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${MASK}`],
  [/:\/\/[^\s/@:]{0,256}:[^\s/@]{1,256}@/g, `://${MASK}@`],
  // A token in place of a user's name; short names (`git@`) are none.
  [/:\/\/[^\s/@:]{12,256}@/g, `://${MASK}@`],
  [/(\s(?:-u|--user)[ =])[^\s:]{1,128}:\S{1,256}/g, `$1${MASK}`],
  [/\b(?:sk|pk|rk)[-_][\w-]{12,}/g, MASK],
  [/\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|AKIA|npm_)[\w-]{10,}/g, MASK],
  [/\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?/g, MASK],
];

/** Replace what looks like a secret in a text. */
export function maskText(text: string): string {
  let masked = text.slice(0, MAX_TEXT_CHARS);
  for (const [pattern, replacement] of SECRET_VALUES) masked = masked.replace(pattern, replacement);
  for (const pattern of [ASSIGNMENT, FLAG, WHOLE_ASSIGNMENT, WHOLE_FLAG]) masked = masked.replace(pattern, `$1${MASK}`);
  return masked;
}

/** Is the value under this name (of a header, a parameter, a field) a secret? */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** Parameters of sign-in flows: what they carry is good for a session. */
const SIGN_IN_PARAMETER = /^(?:code|state|nonce|sid|session(?:_?id)?|jwt|sig|otp|ticket|assertion|samlresponse)$/i;

/** A request target or URL, the secret-looking values of its query replaced; every other byte stays. */
export function maskTarget(target: string): string {
  const mark = target.indexOf('?');
  if (mark === -1) return maskText(target);
  const query = target.slice(mark + 1).replace(/[^&#]+/g, (pair) => {
    const equals = pair.indexOf('=');
    if (equals === -1) return looksSecret(pair) ? MASK : pair;
    const name = pair.slice(0, equals);
    const value = decoded(pair.slice(equals + 1));
    const isSecret =
      isSecretName(name) || SIGN_IN_PARAMETER.test(name) || looksSecret(value) || maskText(value) !== value;
    return isSecret ? `${name}=${MASK}` : pair;
  });
  return `${maskText(target.slice(0, mark))}?${query}`;
}

/** As the app reads it; as it is where it is badly encoded. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    return value;
  }
}

/** Replace what looks like a secret anywhere in a JSON value: by the name of its field, by the flag before it, by itself. */
export function maskDeep<T>(value: T): T {
  return mask(value, 0) as T;
}

function mask(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return maskText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return null;
  if (Array.isArray(value))
    return value.map((item: unknown, i) => (isSecretFlag(value[i - 1]) ? MASK : mask(item, depth + 1)));
  const entries = Object.entries(value).map(([name, field]: [string, unknown]) => [
    name,
    typeof field === 'string' && SECRET_NAME.test(name) ? MASK : mask(field, depth + 1),
  ]);
  return Object.fromEntries(entries);
}

function isSecretFlag(argument: unknown): boolean {
  return typeof argument === 'string' && /^--?[\w-]+$/.test(argument) && SECRET_NAME.test(argument);
}

/** What of a step left the machine. */
interface Sent {
  prompt?: string;
  requests?: string[];
}

/**
 * {@link maskDeep} of a decision, but for the prompts in it: they were redacted before they were sent, and are shown as
 * exactly what left the machine.
 */
export function maskDecision<T extends { steps: readonly Sent[] }>(decision: T): T {
  const masked = maskDeep(decision);
  const steps = masked.steps.map((step, i) => {
    const { prompt, requests } = decision.steps[i] ?? {};
    return { ...step, ...(prompt === undefined ? {} : { prompt }), ...(requests === undefined ? {} : { requests }) };
  });
  return { ...masked, steps };
}
