/** What runs on this machine: processes and containers, with noise on demand. */
import { useSignal, useSignalEffect } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { ContainersTable } from './containers-table.tsx';
import { ProcessesTable } from './processes-table.tsx';
import { SearchField } from './search-field.tsx';
import { services } from './state/data.ts';
import { place } from './state/place.ts';

/** See the file's header. */
export function ServicesView(): ComponentChild {
  const text = useSignal('');
  const withNoise = useSignal(false);
  useSignalEffect(() => {
    text.value = place.value.query.get('text') ?? '';
  });
  const { processes = [], containers = [] } = services.value.value ?? {};
  const wanted = text.value.trim().toLowerCase();
  const fits = (service: { ports: number[] }): boolean =>
    (withNoise.value || service.ports.length > 0) &&
    (wanted === '' || JSON.stringify(service).toLowerCase().includes(wanted));
  const noise = [...processes, ...containers].filter(({ ports }) => ports.length === 0).length;
  return (
    <>
      <div class="toolbar">
        <SearchField value={text} label="Filter services" />
        <label class="check">
          <input
            type="checkbox"
            checked={withNoise.value}
            onChange={(event) => (withNoise.value = event.currentTarget.checked)}
          />
          Noise, too ({noise})
        </label>
      </div>
      <ProcessesTable processes={processes.filter(fits)} />
      <ContainersTable containers={containers.filter(fits)} />
    </>
  );
}
