/** Choosing what a hostname reaches: a live service and one of its ports, or an address. */
import { type Signal, useSignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { useId } from 'preact/hooks';
import { bodyFor, type Choice, choicesOf, type MappingBody } from './choice.ts';
import { services } from './state/data.ts';

/** Value of the entry for an address. */
const ADDRESS = '@address';

/** What is filled in. */
export interface Target {
  /** Service id, or {@link ADDRESS}. */
  id: Signal<string>;
  host: Signal<string>;
  port: Signal<string>;
}

/** State of the fields, starting with a service that is known. */
export function useTarget(id: string | undefined, port: number | undefined): Target {
  const first = choices()[0];
  const start = id ?? first?.id ?? ADDRESS;
  const startPort = port ?? (first?.id === start ? first.ports[0] : undefined);
  return { id: useSignal(start), host: useSignal('localhost'), port: useSignal(startPort?.toString() ?? '') };
}

/** The body of a PUT, or what is missing in words. */
export function bodyOf({ id, host, port }: Target): MappingBody | string {
  const number = Number(port.value);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) return 'The port is a number from 1 to 65535';
  if (id.value === ADDRESS) return { type: 'process', target: host.value.trim() || 'localhost', port: number };
  const { processes = [], containers = [] } = services.value.value ?? {};
  const service = [...processes, ...containers].find((one) => one.id === id.value);
  return service ? bodyFor(service, number, processes) : 'That service has ended meanwhile: choose another';
}

/** The fields; inside a form of the caller's. */
export function TargetFields({ target }: { target: Target }): ComponentChild {
  const { id, host, port } = target;
  const fieldId = useId();
  const list = choices();
  const chosen = list.find((one) => one.id === id.value);
  const choose = (next: string): void => {
    id.value = next;
    const ports = list.find((one) => one.id === next)?.ports ?? [];
    if (ports.length > 0 && !ports.includes(Number(port.value))) port.value = String(ports[0]);
  };
  return (
    <>
      <div class="field">
        <label for={`${fieldId}-service`}>Service</label>
        <select id={`${fieldId}-service`} value={id.value} onChange={(event) => choose(event.currentTarget.value)}>
          {[...Map.groupBy(list, ({ group }) => group)].map(([group, members]) => (
            <optgroup key={group} label={group}>
              {members.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.label} :{one.ports.join(', ')}
                </option>
              ))}
            </optgroup>
          ))}
          <option value={ADDRESS}>Another address…</option>
        </select>
      </div>
      {id.value === ADDRESS && (
        <div class="field">
          <label for={`${fieldId}-host`}>Host or directory</label>
          <input
            id={`${fieldId}-host`}
            value={host.value}
            spellcheck={false}
            onInput={(event) => (host.value = event.currentTarget.value)}
          />
        </div>
      )}
      <div class="field port">
        <label for={`${fieldId}-port`}>Port</label>
        <input
          id={`${fieldId}-port`}
          inputMode="numeric"
          value={port.value}
          list={`${fieldId}-ports`}
          onInput={(event) => (port.value = event.currentTarget.value)}
        />
        <datalist id={`${fieldId}-ports`}>
          {chosen?.ports.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      </div>
    </>
  );
}

function choices(): Choice[] {
  const answer = services.value.value;
  return answer ? choicesOf(answer) : [];
}
