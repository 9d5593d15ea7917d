/** Short messages about what was done, with a way back where there is one. */
import { signal } from '@preact/signals';
import { ApiError } from '../api.ts';

/** Long enough to read it and to reach for the button. */
const TOAST_MS = 8_000;
const MAX_TOASTS = 4;

/** One message. */
export interface Toast {
  id: number;
  text: string;
  bad: boolean;
  action: { label: string; run: () => void } | undefined;
}

/** Those that are shown, oldest first. */
export const toasts = signal<readonly Toast[]>([]);
let lastId = 0;

/** Show a message. */
export function say(text: string, action?: Toast['action'], bad = false): void {
  lastId += 1;
  const id = lastId;
  toasts.value = [...toasts.value, { id, text, bad, action }].slice(-MAX_TOASTS);
  setTimeout(() => dismiss(id), TOAST_MS);
}

/** Take one away. */
export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** Say what went wrong, with what to do about it. */
export function sayProblem(error: unknown): void {
  if (!(error instanceof ApiError)) {
    say(String(error), undefined, true);
    return;
  }
  const isOldPage = error.status === 403;
  const action = isOldPage ? { label: 'Load again', run: () => location.reload() } : undefined;
  say([error.message, error.hint].filter((part) => part !== undefined).join('. '), action, true);
}
