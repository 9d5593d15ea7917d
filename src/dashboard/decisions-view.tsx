/** Every resolution since the start, with its trace; and asking once more. */
import { useSignal, useSignalEffect } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { useEffect } from 'preact/hooks';
import type { DecisionView } from '../api/wire.ts';
import { DecideAgainForm } from './decide-again-form.tsx';
import { DecisionCard } from './decision-card.tsx';
import { counted } from './format.ts';
import { Pager, usePages } from './pager.tsx';
import { SearchField } from './search-field.tsx';
import { decisions, routeByKey } from './state/data.ts';
import { place } from './state/place.ts';

const PAGE_SIZE = 25;

/** See the file's header. */
export function DecisionsView(): ComponentChild {
  const text = useSignal('');
  useEffect(() => void decisions.load(), []);
  useSignalEffect(() => {
    text.value = place.value.query.get('text') ?? '';
  });
  const problem = decisions.problem.value;
  const all = decisions.value.value?.decisions ?? [];
  const pages = usePages(
    all.filter((one) => fitsText(one, text.value)),
    PAGE_SIZE,
  );
  const isKnownRoute = routeByKey.value.has(text.value);
  return (
    <section aria-labelledby="decisions-title">
      <div class="toolbar">
        <h2 id="decisions-title" class="unseen">
          Decisions
        </h2>
        <SearchField value={text} label="Filter by hostname or reason" />
        <span class="soft">{counted(pages.total, 'decision')} since the start</span>
      </div>
      {problem && (
        <p class="note wait">
          {problem.status === 404 ? 'This hostwise does not keep its decisions.' : problem.message}
        </p>
      )}
      {!problem && pages.total === 0 && (
        <div class="empty">
          <p class="soft">
            {isKnownRoute
              ? `“${text.value}” was decided before this start. Ask again to see how:`
              : 'None yet. Open a hostname that is new, and it shows here how it was decided.'}
          </p>
          {isKnownRoute && <DecideAgainForm decisionKey={text.value} />}
        </div>
      )}
      {pages.shown.map((decision) => (
        <DecisionCard key={decision.id} decision={decision} />
      ))}
      <Pager of={pages} what="decisions" />
    </section>
  );
}

function fitsText({ host, service, reason, decision }: DecisionView, text: string): boolean {
  const key = service === undefined ? host : `${host}:${service}`;
  return `${key} ${decision} ${reason}`.toLowerCase().includes(text.trim().toLowerCase());
}
