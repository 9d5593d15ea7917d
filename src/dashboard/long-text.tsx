/** A text of any length, as it is, in a box that scrolls. */
import type { ComponentChild } from 'preact';

/** @param label says what it is, for those who come to it by keyboard */
export function LongText({ text, label }: { text: string; label: string }): ComponentChild {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard (WCAG 2.1.1)
    <section class="long-text" aria-label={label} tabIndex={0}>
      <pre>{text}</pre>
    </section>
  );
}
