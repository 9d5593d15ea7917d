/** The first step of `setup`: which LLM is asked, with which key. Stored only when it was seen to work. */
import path from 'node:path';
import { parseKey, parseUrl } from '../config/parsers.ts';
import { DEFAULT_LLM_URL, DEFAULT_MODEL } from '../config/settings-table.ts';
import { writeEnvFile } from '../config/write-env-file.ts';
import { AppError } from '../core/errors.ts';
import { prepareDataDir } from '../platform/paths.ts';
import { probeError, probeLlm } from '../resolve/llm-probe.ts';
import { tryLlm } from '../resolve/llm-trial.ts';
import { findLocalLlm, type LocalLlm } from '../resolve/local-llm.ts';
import { ownScan } from './look-around.ts';
import type { Choice, Prompter } from './prompts.ts';
import type { SetupStep } from './setup-step.ts';
import { printable } from './text.ts';

/** Whom to ask. `url`: any other; `none`: nobody, and not a local server that runs either. */
export const PROVIDERS = ['local', 'openrouter', 'openai', 'url', 'none'] as const;
type Provider = (typeof PROVIDERS)[number];

const OPENAI_URL = 'https://api.openai.com/v1/chat/completions';
/** More models than a list on a terminal is good for. */
const MAX_LISTED = 40;

/** What is stored. undefined takes a setting out of the file. */
interface LlmConfig {
  /** Only "names", for whoever wants nobody to be asked: a local server that runs would be found by itself. */
  HOSTWISE_RESOLVE?: 'names' | undefined;
  LLM_API_URL: string | undefined;
  LLM_API_KEY: string | undefined;
  MODEL: string | undefined;
}

/** @returns was anything stored? @throws {AppError} LLM_* · CONFIG_* · Cancelled */
export async function setUpLlm(step: SetupStep): Promise<boolean> {
  const { context, settings, prompter } = step;
  const { output } = context;
  const wanted = askedProvider(step);
  const kept = await whatIsSet(step, wanted);
  if (kept !== undefined) {
    output.result(`LLM      ${kept}`);
    return false;
  }
  const local = (await findLocalLlm({ snapshot: await ownScan(context, settings) })).llm;
  const provider = wanted ?? (prompter ? await askProvider(prompter, local) : 'none');
  for (;;) {
    const config = provider === 'none' ? undefined : await configFor(provider, local, step);
    if (config === undefined) {
      const wasChosen = provider === 'none' && (wanted !== undefined || prompter !== undefined);
      if (local && wasChosen) return declineLocal(local, step);
      output.result('LLM      none set up; exact names work without');
      return false;
    }
    const outcome = await check(config, step);
    if (outcome === 'again') continue;
    if (outcome === 'skip') return false;
    // Whoever sets one up wants it asked.
    const isOff = settings.sources.resolve === 'file' && settings.resolve === 'names';
    await store(isOff ? { ...config, HOSTWISE_RESOLVE: undefined } : config, step);
    output.result(`LLM      ${describe(config, local)}`);
    return true;
  }
}

/** It would be asked as soon as it is found: whoever wants none is taken at their word. */
async function declineLocal(local: LocalLlm, step: SetupStep): Promise<boolean> {
  await store({ HOSTWISE_RESOLVE: 'names' }, step);
  step.context.output.result(
    printable(`LLM      none is asked, ${local.title} neither (HOSTWISE_RESOLVE=names); exact names work without`),
  );
  return true;
}

async function store(config: Partial<LlmConfig>, step: SetupStep): Promise<void> {
  await prepareDataDir(step.settings.dataDir);
  await writeEnvFile(envFile(step), { ...config });
}

function envFile({ settings }: SetupStep): string {
  return path.join(settings.dataDir, 'hostwise.env');
}

function askedProvider({ flags }: SetupStep): Provider | undefined {
  const { provider, llmUrl } = flags;
  if (llmUrl !== undefined && (provider === undefined || provider === 'url')) return 'url';
  if (llmUrl !== undefined || provider === 'url') {
    throw new AppError('CONFIG_BAD_VALUE', 'An address of your own is said by --llm-url URL alone');
  }
  return PROVIDERS.find((one) => one === provider);
}

/**
 * What is set already stays, unless the person at the terminal wants it otherwise: whoever wrote it knew why.
 * @returns words about what is kept; undefined when the way is free
 * @throws {AppError} CONFIG_BAD_VALUE when a flag asks for something else
 */
async function whatIsSet(step: SetupStep, wanted: Provider | undefined): Promise<string | undefined> {
  const { settings, prompter } = step;
  const { llmUrl, llmUrlExplicit, llmApiKey, sources } = settings;
  if (!llmUrlExplicit && llmApiKey === undefined) return undefined;
  const inEnvironment = sources.llmUrl === 'environment' || sources.llmApiKey === 'environment';
  const now = `${settings.model} at ${llmUrl}, set in ${inEnvironment ? 'the environment' : `"${envFile(step)}"`}`;
  if (wanted === undefined) {
    if (inEnvironment || prompter === undefined) return `${now}; it stays`;
    const answer = await prompter.select(`The LLM is ${now}`, [
      { value: 'keep', label: 'Keep it' },
      { value: 'change', label: 'Set up another' },
    ]);
    return answer === 'keep' ? `${now}; it stays` : undefined;
  }
  if (wanted === 'none') return `${now}; it stays`;
  const target = urlOf(wanted, step);
  if (!inEnvironment && (!llmUrlExplicit || llmUrl === target)) return undefined;
  throw new AppError('CONFIG_BAD_VALUE', `The LLM is ${now}, and is not overridden`, {
    hint: inEnvironment
      ? 'unset LLM_API_URL LLM_API_KEY, then try again'
      : 'Remove these lines from the file, then try again',
  });
}

function urlOf(provider: Provider, { flags }: SetupStep): string | undefined {
  if (provider === 'openrouter') return DEFAULT_LLM_URL;
  if (provider === 'openai') return OPENAI_URL;
  return provider === 'url' && flags.llmUrl !== undefined ? checkedUrl(String(flags.llmUrl)) : undefined;
}

function checkedUrl(text: string): string {
  const problem = urlProblem(text.trim());
  if (problem === undefined) return text.trim();
  throw new AppError('CONFIG_BAD_VALUE', `--llm-url: expected ${problem}`);
}

function urlProblem(text: string): string | undefined {
  const parsed = parseUrl(text, { home: '', base: '/' });
  return 'expected' in parsed ? parsed.expected : undefined;
}

function keyProblem(text: string): string | undefined {
  const parsed = parseKey(text, { home: '', base: '/' });
  return 'expected' in parsed ? `expected ${parsed.expected}` : undefined;
}

function askProvider(prompter: Prompter, local: LocalLlm | undefined): Promise<Provider> {
  const found: Choice<Provider>[] = local
    ? [
        {
          value: 'local',
          label: `${printable(local.title)} on this machine`,
          hint: `${printable(local.model)}; nothing leaves it`,
        },
      ]
    : [];
  const choices: Choice<Provider>[] = [
    ...found,
    { value: 'openrouter', label: 'OpenRouter', hint: `needs a key; ${DEFAULT_MODEL}` },
    { value: 'openai', label: 'OpenAI', hint: 'needs a key' },
    { value: 'url', label: 'Another OpenAI-compatible server', hint: 'its URL' },
    { value: 'none', label: 'None', hint: 'exact names work without' },
  ];
  // Whoever only presses Enter gets what needs nothing of them.
  const marked = local ? 'local' : 'none';
  return prompter.select('Which LLM may be asked when a name alone does not tell?', choices, marked);
}

/** @returns undefined when the person wants none after all */
async function configFor(
  provider: Provider,
  local: LocalLlm | undefined,
  step: SetupStep,
): Promise<LlmConfig | undefined> {
  const { flags, prompter } = step;
  const model = flags.model === undefined ? undefined : String(flags.model);
  if (provider === 'local') {
    if (!local) throw new AppError('LLM_NETWORK', 'No LLM server was found on this machine', { hint: NO_LOCAL });
    // It is found whenever it runs, with the model that it has loaded then.
    return { LLM_API_URL: undefined, LLM_API_KEY: undefined, MODEL: model };
  }
  const given = urlOf(provider, step);
  const url = given ?? (await prompter?.text('Its URL', 'http://127.0.0.1:11434/v1', urlProblem));
  if (url === undefined) return undefined;
  const key = await keyFor(provider, step);
  if (key === undefined && provider !== 'url') return undefined;
  return { LLM_API_URL: url, LLM_API_KEY: key, MODEL: model ?? (await modelFor(provider, url, key, step)) };
}

const NO_LOCAL = 'start Ollama, LM Studio, vLLM, llama.cpp or LocalAI on its usual port, or say --llm-url URL';

/** @returns undefined when there is none: the server needs none, or the person goes on without */
async function keyFor(provider: Provider, { flags, prompter, settings }: SetupStep): Promise<string | undefined> {
  const isNeeded = provider !== 'url';
  if (flags.keyStdin === true) return readKey();
  if (!prompter) {
    if (!isNeeded) return undefined;
    if (settings.llmApiKey !== undefined) return settings.llmApiKey;
    throw new AppError('CONFIG_BAD_VALUE', 'The key is missing', { hint: 'give it on stdin: --key-stdin < file' });
  }
  const hint = isNeeded ? 'empty: go on without an LLM' : 'empty: it needs none';
  const answer = await prompter.secret(`Its key (${hint})`, (text) => (text === '' ? undefined : keyProblem(text)));
  return answer === '' ? undefined : answer;
}

/** The first line of stdin: a key has no place among the words of a command, which every user of the machine can read. */
async function readKey(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk;
    if (text.includes('\n') || text.length > 8_192) break;
  }
  const key = (text.split('\n', 1)[0] ?? '').trim();
  const problem = keyProblem(key);
  if (problem === undefined) return key;
  throw new AppError('CONFIG_BAD_VALUE', `The key on stdin is not usable: ${problem}`);
}

/** OpenRouter's is the default; of others the server's own list says what there is. */
async function modelFor(
  provider: Provider,
  url: string,
  apiKey: string | undefined,
  { prompter }: SetupStep,
): Promise<string | undefined> {
  if (provider === 'openrouter') return undefined;
  const { models } = await probeLlm({ url, apiKey }).catch(() => ({ models: [] as string[] }));
  const usual = provider === 'openai' ? usualOf(models) : models[0];
  if (!prompter) {
    if (usual !== undefined && (provider === 'openai' || models.length === 1)) return usual;
    throw new AppError('CONFIG_BAD_VALUE', 'The model is missing', { hint: modelsHint(models) });
  }
  const listed = [...(usual === undefined ? [] : [usual]), ...models.filter((one) => one !== usual)].slice(
    0,
    MAX_LISTED,
  );
  if (listed.length === 1) return listed[0];
  if (listed.length === 0)
    return prompter.text('Its model', undefined, (text) => (text === '' ? 'a name, please' : undefined));
  const choices = listed.map((value, i) => ({ value: `${i}`, label: printable(value) }));
  const answer = await prompter.select('Its model', [...choices, { value: 'other', label: 'Another' }]);
  return answer === 'other' ? prompter.text('Its model') : listed[Number(answer)];
}

/** Small and quick ones are enough: the newest "mini" without a date. */
function usualOf(models: readonly string[]): string | undefined {
  const small = models.filter((one) => /^gpt-[\d.]+-mini$/.test(one));
  return small.sort((a, b) => Number.parseFloat(b.slice(4)) - Number.parseFloat(a.slice(4)))[0];
}

function modelsHint(models: readonly string[]): string {
  const some = models.slice(0, 5).join(', ');
  return `say --model NAME${some === '' ? '' : `, one of: ${some}${models.length > 5 ? ' …' : ''}`}`;
}

/** Does it work? With a key by one small question, without by a look, since a local model may take minutes to load. */
async function check(config: LlmConfig, { context, prompter }: SetupStep): Promise<'fine' | 'again' | 'skip'> {
  const { LLM_API_URL: url, LLM_API_KEY: apiKey, MODEL: model = DEFAULT_MODEL } = config;
  if (url === undefined) return 'fine';
  context.output.message(`Asking ${new URL(url).host} …`);
  try {
    if (apiKey !== undefined) await tryLlm({ url, apiKey, model });
    else {
      const probed = await probeLlm({ url });
      if (probed.outcome !== 'ok' && probed.outcome !== 'unclear') throw probeError(probed);
    }
    return 'fine';
  } catch (error) {
    if (!prompter || !(error instanceof AppError)) throw error;
    context.output.message(printable(`That did not work: ${error.message}${error.hint ? ` (${error.hint})` : ''}`));
    const answer = await prompter.select('And now?', [
      { value: 'again', label: 'Try again' },
      { value: 'fine', label: 'Store it all the same' },
      { value: 'skip', label: 'Go on without' },
    ]);
    return answer;
  }
}

function describe({ LLM_API_URL: url, MODEL: model = DEFAULT_MODEL }: LlmConfig, local: LocalLlm | undefined): string {
  if (url !== undefined) return printable(`${model} at ${new URL(url).host}`);
  return printable(`${local?.title ?? 'a local server'}, found by itself whenever it runs`);
}
