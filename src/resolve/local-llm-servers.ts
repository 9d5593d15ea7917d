/**
 * LLM servers that people run on their own machine: where they listen, what their process is called, and which models
 * they say they have. Recognized by the shape of an answer, never by a status: LM Studio answers every path with 200.
 */
import { z } from 'zod';

/** A model that a local server offers. */
export interface LocalModel {
  id: string;
  /** In memory now: its answer comes without a minute of loading. */
  loaded: boolean;
}

/** One GET to the server that is looked at; undefined for no answer in time, or none that is JSON. */
export type Get = (path: string) => Promise<LocalReply | undefined>;

/** What came back. */
export interface LocalReply {
  status: number;
  json: unknown;
  /** The `Server` header. */
  server: string | null;
}

/** A kind of server. */
export interface LocalServerKind {
  title: string;
  /** Where it listens unless told otherwise. */
  port: number;
  /** Program, script or image of its process. */
  name: RegExp;
  /** Nobody else uses this port, so that a listener that may not be inspected (a system service) is looked at, too. */
  ownPort: boolean;
  /** What a person does when it has no model. */
  hint: string;
  /** Its chat models, or undefined when this is another server. The first GET tells; only then is more asked. */
  models(get: Get): Promise<LocalModel[] | undefined>;
}

/**
 * What is looked for, in order of preference. LiteLLM (port 4000) is none of them: it has no model of its own but hands
 * on to hosted ones, on somebody's account.
 */
export const LOCAL_SERVERS: readonly LocalServerKind[] = [
  {
    title: 'Ollama',
    port: 11_434,
    name: /^ollama(?:[-.].*)?$/i,
    ownPort: true,
    hint: 'ollama pull qwen3:8b',
    models: ollamaModels,
  },
  {
    title: 'LM Studio',
    port: 1234,
    name: /(?:^|\/)\.?(?:lm[-_. ]?studio|llmster|lms)(?:[/ .-].*)?$/i,
    ownPort: true,
    hint: 'lms load',
    models: lmStudioModels,
  },
  {
    title: 'vLLM',
    port: 8000,
    name: /^vllm(?:-(?:openai|cpu).*)?(?:[.:].*)?$/i,
    ownPort: false,
    hint: 'vllm serve MODEL',
    models: (get) => ownedModels(get, ({ owned_by }) => owned_by === 'vllm'),
  },
  {
    title: 'llama.cpp',
    port: 8080,
    name: /^llama(?:file.*|[-.].*)?$/i,
    ownPort: false,
    hint: 'llama-server -m MODEL.gguf',
    models: (get) => ownedModels(get, ({ owned_by }, server) => owned_by === 'llamacpp' || server === 'llama.cpp'),
  },
  {
    title: 'LocalAI',
    port: 8080,
    name: /^local-?ai(?:[-.].*)?$/i,
    ownPort: false,
    hint: 'local-ai models install MODEL',
    // It says nothing of itself in this list; its process has been recognized by name.
    models: (get) => ownedModels(get, () => true),
  },
];

/** Fields of model lists that matter; everything else is ignored. */
const id = z.string().min(1).max(200);
const listSchema = z.object({
  data: z.array(z.object({ id, owned_by: z.string().optional(), status: z.object({ value: z.string() }).optional() })),
});
type ListedModel = z.infer<typeof listSchema>['data'][number];

/** OpenAI's list. A server with a router (llama.cpp) says which models are loaded; the others list what is. */
async function ownedModels(
  get: Get,
  isOwn: (model: ListedModel, server: string | null) => boolean,
): Promise<LocalModel[] | undefined> {
  const reply = await get('/v1/models');
  const list = listSchema.safeParse(reply?.json);
  if (reply?.status !== 200 || !list.success) return undefined;
  const { data } = list.data;
  if (!data.every((model) => isOwn(model, reply.server))) return undefined;
  return data
    .filter((model) => !isNoChat(model.id))
    .map((model) => ({ id: model.id, loaded: (model.status?.value ?? 'loaded') === 'loaded' }));
}

const ollamaList = z.object({
  models: z.array(
    z.object({
      name: id,
      remote_host: z.string().optional(),
      details: z.object({ family: z.string().optional() }).optional(),
    }),
  ),
});

/** `/api/ps` lists what is loaded, `/api/tags` what is pulled, the newest first. */
async function ollamaModels(get: Get): Promise<LocalModel[] | undefined> {
  const version = z.object({ version: z.string().regex(/^\d+\.\d+/) }).safeParse((await get('/api/version'))?.json);
  if (!version.success) return undefined;
  const [ps, tags] = await Promise.all([get('/api/ps'), get('/api/tags')]);
  return [
    ...chatModelsOfOllama(ps).map((name) => ({ id: name, loaded: true })),
    ...chatModelsOfOllama(tags).map((name) => ({ id: name, loaded: false })),
  ];
}

/** Models that run at ollama.com are no local ones: the question would leave the machine. */
function chatModelsOfOllama(reply: LocalReply | undefined): string[] {
  const list = ollamaList.safeParse(reply?.json);
  return (list.data?.models ?? [])
    .filter(({ name, remote_host, details }) => {
      const isRemote = remote_host !== undefined || /[:-]cloud$/.test(name);
      return !isRemote && !isNoChat(name) && !/bert/i.test(details?.family ?? '');
    })
    .map(({ name }) => name);
}

const lmStudioV0 = z.object({ data: z.array(z.object({ id, type: z.string(), state: z.string() })) });
const lmStudioV1 = z.object({
  models: z.array(z.object({ key: id, type: z.string(), loaded_instances: z.array(z.object({ id })) })),
});
/** Its answer to a path that it does not know, with status 200. */
const lmStudioUnknown = z.object({ error: z.string().startsWith('Unexpected endpoint or method') });

/** Every path that it does not know is an error in the user's log: the second is asked only if the first is gone. */
async function lmStudioModels(get: Get): Promise<LocalModel[] | undefined> {
  const reply = await get('/api/v0/models');
  const v0 = lmStudioV0.safeParse(reply?.json);
  if (v0.success) {
    return v0.data.data
      .filter((model) => isLmStudioChat(model.type))
      .map((model) => ({ id: model.id, loaded: model.state === 'loaded' }));
  }
  if (!lmStudioUnknown.safeParse(reply?.json).success) return undefined;
  const v1 = lmStudioV1.safeParse((await get('/api/v1/models'))?.json);
  return (v1.data?.models ?? [])
    .filter((model) => isLmStudioChat(model.type))
    .map(({ key, loaded_instances: [instance] }) => ({ id: instance?.id ?? key, loaded: instance !== undefined }));
}

function isLmStudioChat(type: string): boolean {
  return type === 'llm' || type === 'vlm';
}

/** Lists do not tell what a model is for, but its name does. */
function isNoChat(name: string): boolean {
  return /embed|minilm|(?:^|[/_-])(?:bge|gte|e5)[-_]|rerank|whisper|(?:^|[/_-])(?:tts|clip|sdxl|flux)|stable-?diffusion|piper/i.test(
    name,
  );
}
