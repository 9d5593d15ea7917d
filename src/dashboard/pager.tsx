/** Long lists in pages, so that the page stays small however much there is. */
import { type Signal, useSignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { formatCount } from './format.ts';

/** One page of a list. */
export interface Paged<T> {
  shown: readonly T[];
  page: Signal<number>;
  pages: number;
  total: number;
}

/** Cut a list into pages; the page stays in range as the list shrinks. */
export function usePages<T>(list: readonly T[], size: number): Paged<T> {
  const page = useSignal(0);
  const pages = Math.max(1, Math.ceil(list.length / size));
  const at = Math.min(page.value, pages - 1);
  return { shown: list.slice(at * size, (at + 1) * size), page, pages, total: list.length };
}

/** Nothing where one page holds all. */
export function Pager({ of: { page, pages, total }, what }: { of: Paged<unknown>; what: string }): ComponentChild {
  if (pages === 1) return null;
  const at = Math.min(page.value, pages - 1);
  return (
    <nav class="pager" aria-label={`Pages of ${what}`}>
      <button type="button" disabled={at === 0} onClick={() => (page.value = at - 1)}>
        ‹ Previous
      </button>
      <span>
        Page {at + 1} of {pages} · {formatCount(total)} {what}
      </span>
      <button type="button" disabled={at === pages - 1} onClick={() => (page.value = at + 1)}>
        Next ›
      </button>
    </nav>
  );
}
