/** Which LLM is asked, or why none is: decided once at start. */
import { messageOf } from '../core/errors.ts';
import { LlmClient } from './llm-client.ts';

/** The settings that matter here. */
export interface LlmSettings {
  llmUrl: string;
  /** The URL was set by the user, not the default. */
  llmUrlExplicit: boolean;
  llmApiKey?: string;
  model: string;
  resolve: 'auto' | 'llm' | 'names';
}

/** The client, or the reason for having none in words for the start page. */
export interface ChosenLlm {
  client: LlmClient | null;
  reason?: string;
}

/** Choose. The default URL is a hosted one and needs a key; a URL that the user set may need none. */
export function chooseLlm(settings: LlmSettings): ChosenLlm {
  if (settings.resolve === 'names') return { client: null, reason: '--resolve names was set' };
  if (settings.llmApiKey === undefined && !settings.llmUrlExplicit) {
    return {
      client: null,
      reason: 'neither LLM_API_KEY nor LLM_API_URL is set; exact names work without',
    };
  }
  try {
    const { llmUrl: url, model, llmApiKey: apiKey } = settings;
    return { client: new LlmClient({ url, model, ...(apiKey === undefined ? {} : { apiKey }) }) };
  } catch (error) {
    return { client: null, reason: messageOf(error) };
  }
}
