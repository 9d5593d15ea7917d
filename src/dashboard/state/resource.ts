/** One answer of the API that is shown and kept up to date: loaded on demand, never twice at once, never too often. */
import { type Signal, signal } from '@preact/signals';
import { ApiError, ask } from '../api.ts';

/** See the file's header. */
export interface Resource<T> {
  /** undefined until it was there once. */
  readonly value: Signal<T | undefined>;
  /** Why the last load failed; undefined when it did not. */
  readonly problem: Signal<ApiError | undefined>;
  /** Ask now. Never rejects. */
  load(): Promise<void>;
  /** It may have changed: ask again soon, if anybody ever asked for it. */
  changed(): void;
}

/**
 * Make one.
 * @param path may depend on what is shown now
 * @param gapMs at least this time lies between two loads that {@link Resource.changed} leads to
 */
export function resource<T>(path: string | (() => string), gapMs: number): Resource<T> {
  const value = signal<T | undefined>(undefined);
  const problem = signal<ApiError | undefined>(undefined);
  let running: Promise<void> | undefined;
  let again = false;
  let lastMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const fetchOnce = async (): Promise<void> => {
    try {
      value.value = await ask<T>(typeof path === 'string' ? path : path());
      problem.value = undefined;
    } catch (error) {
      problem.value = error instanceof ApiError ? error : new ApiError(String(error), 0);
    }
    lastMs = performance.now();
  };
  const load = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    // What is on its way may be older than what was asked for now.
    if (running) {
      again = true;
      return running;
    }
    running = (async () => {
      do {
        again = false;
        await fetchOnce();
      } while (again);
      running = undefined;
    })();
    return running;
  };
  const changed = (): void => {
    if (value.value === undefined && problem.value === undefined) return;
    timer ??= setTimeout(load, Math.max(50, lastMs + gapMs - performance.now()));
  };
  return { value, problem, load, changed };
}
