/** Every name of a service in one text: whoever asks whether a word is in a name looks at a thousand of them at once. */
import { flatText } from './name-text.ts';
import type { Place } from './place.ts';
import { ownParts } from './roles.ts';

const texts = new WeakMap<Place, string>();

/** Its names, each between hyphens: a word is in one of them where `-word-` is in the text. */
export function allNames(place: Place): string {
  let text = texts.get(place);
  if (text === undefined) {
    const names = [...ownParts(place), ...place.families, ...place.branches, ...place.aliases];
    text = names.map((name) => `-${flatText(name)}-`).join(' ');
    texts.set(place, text);
  }
  return text;
}
