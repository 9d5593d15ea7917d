/** Questions to a person at a terminal. Ctrl-C at any of them ends the command. */
import { AppError } from '../core/errors.ts';

/** One of several answers. */
export interface Choice<Value extends string> {
  value: Value;
  label: string;
  hint?: string;
}

/** Asks; each rejects with {@link Cancelled}. */
export interface Prompter {
  /** @param marked the answer that Enter takes; default the first */
  select<Value extends string>(message: string, choices: readonly Choice<Value>[], marked?: Value): Promise<Value>;
  /** @param problem what is wrong with an answer; undefined takes it */
  text(message: string, initial?: string, problem?: (answer: string) => string | undefined): Promise<string>;
  /** Nothing of the answer is shown. */
  secret(message: string, problem?: (answer: string) => string | undefined): Promise<string>;
  confirm(message: string): Promise<boolean>;
}

/** The person pressed Ctrl-C, or closed the terminal. */
export class Cancelled extends Error {
  constructor() {
    super('cancelled');
    this.name = 'Cancelled';
  }
}

/** Can a person be asked? */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true && process.env.TERM !== 'dumb';
}

/** Questions on stderr, so that stdout is for results alone. */
export async function terminalPrompter(): Promise<Prompter> {
  const { confirm, isCancel, password, select, text } = await import('@clack/prompts');
  const output = process.stderr;
  const taken = <Answer>(answer: Answer): Exclude<Answer, symbol> => {
    if (isCancel(answer)) throw new Cancelled();
    return answer as Exclude<Answer, symbol>;
  };
  const checked = (problem?: (answer: string) => string | undefined) => ({
    validate: (answer: string | undefined) => problem?.((answer ?? '').trim()),
  });
  return {
    select: async <Value extends string>(message: string, choices: readonly Choice<Value>[], marked?: Value) => {
      const options = choices.map(({ value, label, hint }) => ({
        value,
        label,
        ...(hint === undefined ? {} : { hint }),
      }));
      const initial = marked === undefined ? {} : { initialValue: marked };
      const index = await select<string>({ message, options, ...initial, maxItems: 12, output });
      const found = choices.find(({ value }) => value === taken(index));
      if (!found) throw new AppError('CONFIG_BAD_VALUE', `There is no answer "${String(index)}"`);
      return found.value;
    },
    text: async (message, initial, problem) =>
      taken(
        await text({
          message,
          output,
          ...(initial === undefined ? {} : { initialValue: initial }),
          ...checked(problem),
        }),
      ).trim(),
    secret: async (message, problem) =>
      taken(await password({ message, output, mask: '•', ...checked(problem) })).trim(),
    confirm: async (message) => taken(await confirm({ message, output })),
  };
}
