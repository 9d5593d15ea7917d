/**
 * Does a short text look like a secret? The last check on every token that leaves the machine: tokens come from an
 * allow-list of fields, so this only has to catch what people put into names by mistake. A word that is a password
 * cannot be told from a word that is a name.
 * Inputs are capped before any pattern runs, and every pattern is linear.
 */

/** Prefixes that vendors give to their keys, and the shapes of hashes, JSON web tokens and PEM blocks. */
const KNOWN_SHAPES = [
  /(?:AKIA|ASIA|AROA|AIDA)[A-Z2-7]{16}/i,
  /eyJ[\w-]{4,}|(?:^|[^a-z])eyj[\w-]{16}/,
  /gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|(?:^|[^a-z])sk-[\w-]{8}|gsk_|(?:^|[^a-z])hf_|AIza|npm_[A-Za-z0-9]{8}|[srp]k_(?:live|test)_/,
  /whsec_|(?:^|\W)SG\.[\w-]{8}|dckr_pat_|tskey-|(?:^|\W)hv[sb]\.\w{8}|glsa_|\d{8,10}:AA[\w-]{8}/,
  /ya29\.|GOCSPX-|xapp-\d|dop_v1_|shpat_|pypi-AgE|AGE-SECRET-KEY|aiza[\w-]{30}|hooks\.slack\.com\/|api\/webhooks\/\d/,
  /(?:^|[^a-z])(?:sq0[a-z]{3}-|shp(?:ss|ca|pa)_|vercel_|lin_api_|ntn_|figd_|dp\.pt\.|sbp_|nvapi-|xai-|pplx-|r8_|tvly-)\w{12}/i,
  /[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}/i,
  /(?=[a-f]*\d)[\da-f]{16}|\d{12}/i,
  /-----(?:BEGIN|END)|PRIVATE[ -]KEY|\$apr1\$|\$2[aby]\$|\$argon2/,
  /:\/\/[^/@]*@|:[^/@\s]+@[\w-]/,
  /(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_.]?key|(?:access|private|account|shared)[-_.]?key|credentials?|bearer|cookie|authorization)["']?\s*[=:]./i,
  /[?&;](?:key|sig|signature|auth|code|sid|access_token|api-?key)=./i,
];
/** Random text: an unbroken run, and one that the marks of base64 and base64url hold together. */
const UNBROKEN_RUN = /[A-Za-z0-9]{12,}/g;
const HELD_RUN = /[A-Za-z0-9+/_=.-]{20,}/g;

/** Cap in characters; a longer text is never a token. */
export const MAX_SECRET_SCAN_CHARS = 400;

/** @returns true also for what is too long to look at */
export function looksSecret(text: string): boolean {
  if (text.length > MAX_SECRET_SCAN_CHARS) return true;
  if (KNOWN_SHAPES.some((shape) => shape.test(text))) return true;
  const unbroken = text.match(UNBROKEN_RUN) ?? [];
  return (
    unbroken.some((run) => isRandom(run, true)) || (text.match(HELD_RUN) ?? []).some((run) => isRandom(run, false))
  );
}

/** In random text every second or third character is of another kind than the one before; words and versions are long. */
const RANDOM_CHANGES_PER_CHAR = 0.3;
/** Lower-case letters with digits change less; names of this length have no digits in their middle so often. */
const LONG_RUN_CHARS = 16;
const DIGIT_CHANGES_PER_CHAR = 0.12;
/** Fewer changes are a name with a version: `feature2`. */
const MIN_CHANGES = 4;

function isRandom(run: string, unbroken: boolean): boolean {
  const { chars, changes, digitChanges } = countChanges(run);
  if (changes >= Math.max(MIN_CHANGES, RANDOM_CHANGES_PER_CHAR * chars)) return true;
  return unbroken && chars >= LONG_RUN_CHARS && digitChanges >= Math.max(MIN_CHANGES, DIGIT_CHANGES_PER_CHAR * chars);
}

/** Changes of kind between neighbours; a capital that begins a word (`MyShop`) changes once, not twice. */
function countChanges(run: string): { chars: number; changes: number; digitChanges: number } {
  const counted = { chars: 0, changes: 0, digitChanges: 0 };
  let [before, last]: Kind[] = ['other', 'other'];
  for (let i = 0; i < run.length; i++) {
    const kind = kindOf(run.charCodeAt(i));
    if (kind !== 'other') counted.chars++;
    if (kind !== last && kind !== 'other' && last !== 'other') {
      const beginsWord = last === 'upper' && kind === 'lower' && (before === 'lower' || before === 'other');
      if (!beginsWord) counted.changes++;
      if (kind === 'digit' || last === 'digit') counted.digitChanges++;
    }
    [before, last] = [last, kind];
  }
  return counted;
}

type Kind = 'digit' | 'upper' | 'lower' | 'other';

function kindOf(code: number): Kind {
  if (code >= 48 && code <= 57) return 'digit';
  if (code >= 65 && code <= 90) return 'upper';
  return code >= 97 && code <= 122 ? 'lower' : 'other';
}
