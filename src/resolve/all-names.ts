/** Every name of a service in one text: whoever asks whether a word is in a name looks at a thousand of them at once. */
import { oncePerObject } from '../core/once-per-object.ts';
import { flatText } from './name-text.ts';
import type { Place } from './place.ts';
import { ownParts } from './roles.ts';

/** Its names, each between hyphens: a word is in one of them where `-word-` is in the text. */
export const allNames = oncePerObject((place: Place): string => {
  const names = [...ownParts(place), ...place.families, ...place.branches, ...place.aliases];
  return names.map((name) => `-${flatText(name)}-`).join(' ');
});
