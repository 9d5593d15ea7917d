/** The LLM: is there one, does it answer, does it take the key. Nothing is asked that costs anything. */
import path from 'node:path';
import { shellQuote } from '../core/shell-quote.ts';
import { chooseLlm, NONE_SET_UP } from '../resolve/choose-llm.ts';
import { probeLlm } from '../resolve/llm-probe.ts';
import type { Check, Finding } from './check.ts';
import type { DoctorMachine } from './machine.ts';

const NAMED = { id: 'llm', title: 'LLM' };

/** See the file's header. */
export const llm: Check = {
  ...NAMED,
  look: async (machine) => {
    const { settings } = machine;
    const choice = chooseLlm(settings, { snapshot: machine.snapshot });
    const { client, reason, found } = await choice.current();
    choice.close();
    if (!client) {
      if (settings.resolve === 'names') return [{ ...NAMED, state: 'ok', detail: 'is never asked, as set' }];
      // An LLM is an extra: whoever wants none has nothing to mend.
      if (reason === NONE_SET_UP)
        return [
          {
            ...NAMED,
            state: 'ok',
            detail: `none; exact names work without. One is set up by: ${machine.line('setup')}`,
          },
        ];
      return [{ ...NAMED, state: 'advice', detail: reason ?? 'there is none', fix: machine.line('setup') }];
    }
    if (found !== undefined) {
      return [{ ...NAMED, state: 'ok', detail: `${client.model} of ${found}, found at ${client.endpoint}` }];
    }
    return [await asked(client.model, machine)];
  },
};

async function asked(model: string, machine: DoctorMachine): Promise<Finding> {
  const { llmUrl, llmApiKey: apiKey, dataDir, sources } = machine.settings;
  const { outcome, detail, models } = await probeLlm({ url: llmUrl, apiKey });
  if (outcome === 'unclear') return { ...NAMED, state: 'ok', detail: `${model}: ${detail}` };
  if (outcome !== 'ok') {
    const isFile = sources.llmApiKey === 'file' || sources.llmUrl === 'file';
    const fix = isFile ? `"\${EDITOR:-vi}" ${shellQuote(path.join(dataDir, 'hostwise.env'))}` : machine.line('setup');
    return { ...NAMED, state: 'problem', detail, fix };
  }
  if (models.length > 0 && !models.includes(model)) {
    const some = models.slice(0, 3).join(', ');
    return {
      ...NAMED,
      state: 'advice',
      detail: `${detail}, but does not list the model "${model}" (it has ${some} …)`,
    };
  }
  return { ...NAMED, state: 'ok', detail: `${model}: ${detail}` };
}
