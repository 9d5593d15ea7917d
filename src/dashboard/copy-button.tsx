/** Puts a text into the clipboard. */
import type { ComponentChild } from 'preact';
import { say } from './state/toasts.ts';

/** @param what names it for those who hear the page: "the command" */
export function CopyButton(props: { text: string; what: string; label?: string }): ComponentChild {
  const { text, what, label = 'Copy' } = props;
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      say(`Copied ${what}`);
    } catch {
      say(`The browser did not allow to copy ${what}: mark it and copy it yourself`, undefined, true);
    }
  };
  return (
    <button type="button" class="small" title={`Copy ${what}`} onClick={() => void copy()}>
      {label}
      {label === 'Copy' && <span class="unseen"> {what}</span>}
    </button>
  );
}
