/** "Resolve again", with a hint for the LLM or without. */
import { useSignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { useId } from 'preact/hooks';
import { ApiError, write } from './api.ts';
import { decisions, routes } from './state/data.ts';
import { say, sayProblem } from './state/toasts.ts';

/** The server's own limit. */
const MAX_HINT_CHARS = 500;

/** @param decisionKey hostname, or hostname:service */
export function DecideAgainForm({ decisionKey }: { decisionKey: string }): ComponentChild {
  const hint = useSignal('');
  const isBusy = useSignal(false);
  const id = useId();
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const prompt = hint.value.trim();
    isBusy.value = true;
    try {
      await write('POST', '/_api/decisions', { body: { key: decisionKey, ...(prompt === '' ? {} : { prompt }) } });
      // Before it is said: whoever puts it right at once changes what is there now.
      await reload();
      say(`“${decisionKey}” was decided again`);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404)
        say('This hostwise cannot decide again by itself', undefined, true);
      else sayProblem(error);
      await reload();
    }
    isBusy.value = false;
  };
  return (
    <form class="route-form" onSubmit={(event) => void submit(event)}>
      <div class="field">
        <label for={id}>Hint for the LLM (optional)</label>
        <input
          id={id}
          value={hint.value}
          maxLength={MAX_HINT_CHARS}
          placeholder="the one with the new checkout"
          onInput={(event) => (hint.value = event.currentTarget.value)}
        />
      </div>
      <div class="buttons">
        <button type="submit" disabled={isBusy.value}>
          {hint.value.trim() === '' ? 'Resolve again' : 'Resolve again with this hint'}
        </button>
      </div>
    </form>
  );
}

async function reload(): Promise<void> {
  await Promise.all([decisions.load(), routes.load()]);
}
