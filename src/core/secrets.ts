/**
 * Does a short text look like a secret? The last check on every token that leaves the machine: tokens come from an
 * allow-list of fields, so this only has to catch what people put into names by mistake.
 * Inputs are capped before any pattern runs, and every pattern is linear.
 */

/** Prefixes that vendors give to their keys, and the shapes of hashes, JSON web tokens and PEM blocks. */
const KNOWN_SHAPES = [
  /(?:AKIA|ASIA|AROA|AIDA)[A-Z2-7]{16}/,
  /eyJ[\w-]{4,}/,
  /gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|(?:^|[^a-z])sk-[\w-]{8}|gsk_|(?:^|[^a-z])hf_|AIza|npm_\w{8}|[srp]k_(?:live|test)_/,
  /whsec_|(?:^|\W)SG\.[\w-]{8}|dckr_pat_|tskey-|(?:^|\W)hv[sb]\.\w{8}|glsa_|\d{8,10}:AA[\w-]{8}/,
  /ya29\.|GOCSPX-|xapp-\d|dop_v1_|shpat_|pypi-AgE|AGE-SECRET-KEY|hooks\.slack\.com\/|api\/webhooks\/\d/,
  /[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}/i,
  /[\da-f]{20}/i,
  /-----(?:BEGIN|END)|PRIVATE[ -]KEY|\$apr1\$|\$2[aby]\$|\$argon2/,
  /:\/\/[^/@]*@|:[^/@\s]+@[\w-]/,
  /(?:pass(?:word|wd)?|pwd|secret|token|api[-_.]?key|access[-_.]?key|private[-_.]?key|account[-_.]?key|credentials?|bearer)[=:]./i,
  /[?&;](?:key|sig|signature|auth|code|access_token)=./i,
];
/** Longer runs of letters mixed with digits are keys; names of that kind are words with separators. */
const MAX_MIXED_RUN = 20;
const MIXED_RUN = new RegExp(`[A-Za-z0-9+/_]{${MAX_MIXED_RUN},}`, 'g');

/** Cap in characters; a longer text is never a token. */
export const MAX_SECRET_SCAN_CHARS = 400;

/** @returns true also for what is too long to look at */
export function looksSecret(text: string): boolean {
  if (text.length > MAX_SECRET_SCAN_CHARS) return true;
  if (KNOWN_SHAPES.some((shape) => shape.test(text))) return true;
  return [...text.matchAll(MIXED_RUN)].some(([run]) => isMixed(run));
}

/** Letters and digits interleaved, as in random text: several changes between them, not `feature2`. */
function isMixed(run: string): boolean {
  let changes = 0;
  for (let i = 1; i < run.length; i++) {
    const [a, b] = [kindOf(run.charCodeAt(i - 1)), kindOf(run.charCodeAt(i))];
    if (a !== b && a !== 'other' && b !== 'other') changes++;
  }
  return changes >= 4;
}

function kindOf(code: number): 'digit' | 'upper' | 'lower' | 'other' {
  if (code >= 48 && code <= 57) return 'digit';
  if (code >= 65 && code <= 90) return 'upper';
  return code >= 97 && code <= 122 ? 'lower' : 'other';
}
