/** What is in force, and where each value came from. */
import { useSignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { useEffect } from 'preact/hooks';
import type { SettingView } from '../api/wire.ts';
import { SearchField } from './search-field.tsx';
import { settings, status } from './state/data.ts';

/** See the file's header. */
export function SettingsView(): ComponentChild {
  const text = useSignal('');
  useEffect(() => void settings.load(), []);
  const wanted = text.value.trim().toLowerCase();
  const all = settings.value.value?.settings ?? [];
  const shown = all.filter((one) => wanted === '' || JSON.stringify(one).toLowerCase().includes(wanted));
  return (
    <section aria-labelledby="settings-title">
      <div class="toolbar">
        <h2 id="settings-title" class="unseen">
          Settings
        </h2>
        <SearchField value={text} label="Filter settings" />
        <span class="soft">
          Flags win over the environment, that over <code>{status.value.value?.dataDir}/hostwise.env</code>, that over
          the Caddyfile
        </span>
      </div>
      {settings.problem.value && <p class="note bad">{settings.problem.value.message}</p>}
      <div class="wide">
        <table class="cards settings">
          <thead>
            <tr>
              <th scope="col">Setting</th>
              <th scope="col">Value</th>
              <th scope="col">From</th>
              <th scope="col">Meaning</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((one) => (
              <SettingRow key={one.environment} setting={one} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function SettingRow({
  setting: { environment, flag, value, source, meaning },
}: {
  setting: SettingView;
}): ComponentChild {
  return (
    <tr>
      <td data-label="Setting" class="mono nowrap">
        {environment}
        {flag !== null && <small>{flag}</small>}
      </td>
      <td data-label="Value" class="mono breakable">
        {value === '' ? <span class="soft">not set</span> : value}
      </td>
      <td data-label="From">
        <span class={source === 'default' ? 'tag' : 'tag user'}>{source}</span>
      </td>
      <td data-label="Meaning" class="soft">
        {withCode(meaning)}
      </td>
    </tr>
  );
}

/** What stands between backticks, set as code. */
function withCode(text: string): ComponentChild[] {
  return text.split('`').map((part, i) => (i % 2 === 1 ? <code key={part}>{part}</code> : part));
}
