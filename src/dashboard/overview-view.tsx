/** One glance: the picture, the routes, and what could be one. */
import { useSignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { Candidates } from './candidates.tsx';
import { Picture } from './picture/picture.tsx';
import { RoutesTable } from './routes-table.tsx';
import { SearchField } from './search-field.tsx';
import { routeList, services } from './state/data.ts';

/** See the file's header. */
export function OverviewView(): ComponentChild {
  const withCandidates = useSignal(true);
  const text = useSignal('');
  const { processes = [], containers = [] } = services.value.value ?? {};
  const isEmpty = routeList.value.length === 0 && ![...processes, ...containers].some(({ ports }) => ports.length > 0);
  return (
    <>
      {isEmpty ? (
        <Welcome />
      ) : (
        <section aria-labelledby="picture-title">
          <div class="section-head">
            <h2 id="picture-title">What goes where</h2>
            <div class="tools">
              <SearchField value={text} label="Filter hostnames and services" />
              <label class="check">
                <input
                  type="checkbox"
                  checked={withCandidates.value}
                  onChange={(event) => (withCandidates.value = event.currentTarget.checked)}
                />
                Not routed yet, too
              </label>
            </div>
          </div>
          <Picture withCandidates={withCandidates} text={text} />
        </section>
      )}
      <RoutesTable text={text} />
      <Candidates text={text} />
    </>
  );
}

function Welcome(): ComponentChild {
  return (
    <section class="welcome">
      <h2>Nothing is listening yet</h2>
      <ol>
        <li>
          Start a dev server as you always do: <code>npm run dev</code>
        </li>
        <li>
          Type its project’s name into the address bar: <code>https://my-project.localhost{portSuffix()}</code>
        </li>
        <li>hostwise finds out who is meant, and shows it here.</li>
      </ol>
    </section>
  );
}

function portSuffix(): string {
  return location.port === '' ? '' : `:${location.port}`;
}
