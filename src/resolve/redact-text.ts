/**
 * Free text of the user's own (`?prompt=`) before it leaves the machine: without what looks like a secret, without what
 * stands where secrets stand, without user names in paths. It rather takes out a word too many.
 */
import { looksSecret } from '../core/secrets.ts';

const REDACTED = '[redacted]';

/** A flag, a label or a scheme whose next word is a secret. */
const BEFORE_SECRET =
  /^-.*(?:pass|pwd|secret|token|key|credential)\w*$|(?:pass(?:word|wd|phrase)?|pwd|secret|token|key|credentials?)["']?[:=]$|^(?:bearer|basic)$|^-[paw]$/i;
/** A word that says what comes; `password is x`, `password = x`. The bare words are also names: `the token service`. */
const NAMES_SECRET = /^["']?(?:\w*(?:password|passwd|passphrase|pwd)|(?:api|access|private)[-_]?key)["']?$/i;
const LINKING = /^(?:is|=|:|->|to|was)$/i;
/** A header field that holds nothing else: the rest of the text is lost rather than sent. */
const BEFORE_HEADER = /^["']?(?:proxy-)?(?:authorization|cookie|set-cookie|x-(?:api-key|auth-token))["']?:/i;
/** `a=b`, `-pX`, `kim:x`. The value stays where it is a port. */
const ASSIGNMENT = /^[^=]*=(?!["']?\d{1,5}["',;]?$)./;
const SHORT_FLAG = /^-[paw](?!\d{1,5}$)./;
const PAIR = /^["']?[\w.@-]+["']?:(?!\/\/|\d{1,5}(?:\/|$))./;
/** Letters of two alphabets in one word are one that is to look like another. */
const LOOK_ALIKE = /(?=.*\p{Script=Latin})(?=.*[\p{Script=Cyrillic}\p{Script=Greek}])/u;

/**
 * Take secrets and user names out of a text.
 * @param text without control characters, words parted by single blanks
 */
export function redactText(text: string): string {
  // A key in PEM has blanks in it; what stands behind its head is lost rather than sent.
  const words = text
    .normalize('NFKC')
    .replace(/-----BEGIN.*/s, REDACTED)
    .split(' ');
  const header = words.findIndex((word) => BEFORE_HEADER.test(word));
  const told = header === -1 ? words : [...words.slice(0, header), REDACTED];
  return told.map((word, i) => (isSecret(told, i) ? REDACTED : withoutUser(word))).join(' ');
}

function isSecret(words: readonly string[], i: number): boolean {
  const [word = '', before = '', first = ''] = [words[i], words[i - 1], words[i - 2]];
  if (BEFORE_SECRET.test(before) || LOOK_ALIKE.test(before)) return true;
  if (LINKING.test(before) && (NAMES_SECRET.test(first) || BEFORE_SECRET.test(first))) return true;
  if (ASSIGNMENT.test(word) || SHORT_FLAG.test(word) || PAIR.test(word) || LOOK_ALIKE.test(word)) return true;
  return looksSecret(word);
}

function withoutUser(word: string): string {
  return word.replace(/([\\/](?:home|users)[\\/])[^\\/\s]+/gi, '$1user');
}
