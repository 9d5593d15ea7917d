/** Flags of commands, made from the table of settings. */
import { type Command, Option } from 'commander';
import { rowOf, SETTING_KEYS, type SettingKey } from '../config/settings-table.ts';
import { wrap } from './text.ts';

/** Add the flags of these settings to a command. Their values stay text: settings.ts checks them. */
export function addSettingFlags(command: Command, keys: readonly SettingKey[]): Command {
  for (const key of keys) {
    const { flag, valueName, repeatable, negatable } = rowOf(key);
    if (flag === undefined) continue;
    const option = new Option(`${flag} <${valueName}>`, describe(key));
    if (repeatable) {
      option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
    }
    command.addOption(option);
    // Hidden: the flag with a value says all that there is to say.
    if (negatable) command.addOption(new Option(flag.replace('--', '--no-')).hideHelp());
  }
  return command;
}

function describe(key: SettingKey): string {
  const { doc, defaultText, env } = rowOf(key);
  const usual = defaultText === '' ? '' : `, default ${defaultText}`;
  return `${withoutMarkdown(doc)} (${env}${usual})`;
}

/** The settings that have no flag, for the end of a help. */
export function environmentHelp(width: number): string {
  const lines = SETTING_KEYS.map(rowOf)
    .filter(({ flag }) => flag === undefined)
    .flatMap(({ env, doc }) => [`  ${env}`, ...wrap(withoutMarkdown(doc), width - 6).map((line) => `      ${line}`)]);
  return [
    '',
    'Environment only:',
    ...lines,
    '',
    'Flags win over the environment, the environment over "hostwise.env" in the data folder.',
  ].join('\n');
}

function withoutMarkdown(text: string): string {
  return text.replaceAll('`', '"');
}
