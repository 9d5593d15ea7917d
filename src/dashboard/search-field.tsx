/** A field that narrows a list as one types. */
import type { Signal } from '@preact/signals';
import type { ComponentChild } from 'preact';

/** @param label for those who do not see the placeholder */
export function SearchField({ value, label }: { value: Signal<string>; label: string }): ComponentChild {
  return (
    <input
      type="search"
      class="search"
      aria-label={label}
      aria-keyshortcuts="/"
      placeholder={`${label}…`}
      value={value.value}
      spellcheck={false}
      onInput={(event) => (value.value = event.currentTarget.value)}
    />
  );
}
