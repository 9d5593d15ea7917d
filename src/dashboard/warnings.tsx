/** What does not work as it should, above every view. */
import type { ComponentChild } from 'preact';
import { routes, services, status } from './state/data.ts';
import { connection } from './state/live.ts';

/** Nothing where all is well. */
export function Warnings(): ComponentChild {
  const warnings = new Set([...(status.value.value?.warnings ?? []), ...(services.value.value?.warnings ?? [])]);
  const problem = routes.problem.value ?? services.problem.value;
  return (
    <div role="status" class="warnings">
      {connection.value === 'restarted' && (
        <p class="note wait">
          hostwise was started again. This page can look, but no longer change anything.{' '}
          <button type="button" onClick={() => location.reload()}>
            Load again
          </button>
        </p>
      )}
      {problem && connection.value !== 'live' && <p class="note bad">{problem.message}</p>}
      {[...warnings].map((warning) => (
        <p key={warning} class="note wait">
          {warning}
        </p>
      ))}
    </div>
  );
}
