/** Messages at the page's foot, read out as they come. */
import type { ComponentChild } from 'preact';
import { dismiss, toasts } from './state/toasts.ts';

/** See the file's header. */
export function Toasts(): ComponentChild {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, bad, action }) => (
        <div key={id} class={bad ? 'toast bad' : 'toast'}>
          <span>{text}</span>
          {action && (
            <button
              type="button"
              onClick={() => {
                dismiss(id);
                action.run();
              }}
            >
              {action.label}
            </button>
          )}
          <button type="button" class="ghost" aria-label="Dismiss" onClick={() => dismiss(id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
