/** What the steps of `setup` share. */
import type { Settings } from '../config/settings.ts';
import type { CliContext, Flags } from './context.ts';
import type { Prompter } from './prompts.ts';

/** See the file's header. */
export interface SetupStep {
  context: CliContext;
  /** As they are now, without what this call's flags say about the LLM: that is to be stored, not to be used once. */
  settings: Settings;
  flags: Flags;
  /** undefined: nobody can be asked, and flags have to say everything. */
  prompter: Prompter | undefined;
}
