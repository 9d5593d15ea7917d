/** "It should have been this one": the user's word, which also teaches the LLM by example. */
import { useSignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { putRoute } from './edits.ts';
import { routeByKey } from './state/data.ts';
import { bodyOf, TargetFields, useTarget } from './target-fields.tsx';

/** @param decisionKey hostname, or hostname:service */
export function ShouldHaveBeenForm({ decisionKey }: { decisionKey: string }): ComponentChild {
  const target = useTarget(undefined, undefined);
  const missing = useSignal('');
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const body = bodyOf(target);
    missing.value = typeof body === 'string' ? body : '';
    if (typeof body !== 'string') await putRoute(decisionKey, body, routeByKey.value.get(decisionKey));
  };
  return (
    <form class="route-form" onSubmit={(event) => void submit(event)}>
      <TargetFields target={target} />
      <div class="buttons">
        <button type="submit">It should have been this one</button>
      </div>
      {missing.value !== '' && (
        <p class="bad" role="alert">
          {missing.value}
        </p>
      )}
    </form>
  );
}
