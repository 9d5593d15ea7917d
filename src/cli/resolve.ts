/** `hostwise resolve`: decide without proxying and without remembering. */
import { type Command, Option } from 'commander';
import { parseAppHostname } from '../api/mapping-key.ts';
import { maskDecision } from '../api/mask.ts';
import type { Settings } from '../config/settings.ts';
import type { Decision } from '../core/decision.ts';
import { messageOf } from '../core/errors.ts';
import { candidatesOf, type Service, type Snapshot } from '../core/service.ts';
import { LlmBudget } from '../resolve/budget.ts';
import { chooseLlm } from '../resolve/choose-llm.ts';
import { type ResolveMode, Resolver } from '../resolve/resolver.ts';
import type { ApiClient } from './api-client.ts';
import type { CliContext, Done, Flags } from './context.ts';
import { explainDecision, sayDecision } from './decision-text.ts';
import { EXIT } from './failure.ts';
import { withDomain } from './hostname-argument.ts';
import { ownScan, readSnapshotFile } from './look-around.ts';
import { addSettingFlags } from './setting-flags.ts';
import { painter } from './text.ts';

const MODES: readonly ResolveMode[] = ['auto', 'llm', 'names'];
/** LLM requests for one host: a question, a repaired one, retries. They were asked for, so no page's budget holds here. */
const REQUESTS_PER_HOST = 10;

/** The command's own flags. */
interface ResolveFlags extends Flags {
  service?: string;
  services?: string;
  mode?: ResolveMode;
  prompt?: string;
  explain?: true;
  json?: true;
}

/** Who decides: the running daemon, or a resolver of our own. */
interface Decider {
  domains: readonly string[];
  decide(host: string): Promise<Decision>;
  /** Everything that could be meant, for names and for `--explain`. */
  candidates(): Promise<Service[]>;
}

/** Add the command. */
export function addResolve(program: Command, context: CliContext, done: Done): void {
  const command = program
    .command('resolve')
    .description('decide which service a hostname means, without proxying; remembered decisions are ignored')
    .argument('<host...>', 'hostnames; "shop" means shop.localhost, "web.shop" web.shop.localhost')
    .option('--service <NAME>', 'ask for the sibling of HOST, as /_proxy/NAME/ does')
    .option('--services <FILE>', 'read what runs from a snapshot ("services --json") instead of the machine')
    .addOption(new Option('--mode <HOW>', 'which steps decide').choices(MODES))
    .option('--prompt <TEXT>', 'context for the LLM')
    .option('--explain', 'also the candidates, every step, and what the LLM was asked and said')
    .option('--json', 'one JSON object a line, in the order asked');
  addSettingFlags(command, ['llmUrl', 'model', 'composeProject', 'domains', 'dataDir', 'logLevel']).action(
    async (hosts: string[], flags: ResolveFlags) => done(await resolveHosts(context, hosts, flags)),
  );
}

async function resolveHosts(context: CliContext, hosts: readonly string[], flags: ResolveFlags): Promise<number> {
  const settings = context.settings({ ...flags, resolve: flags.mode });
  context.warn(settings.warnings);
  const decider = await makeDecider(context, settings, flags, hosts.length);
  let exitCode: number = EXIT.done;
  for (const host of hosts) {
    const decision = await decider.decide(withDomain(host, decider.domains));
    if (decision.target === null) exitCode = EXIT.fitsNothing;
    context.output.result(await present(context, decider, { ...decision, host }, flags));
  }
  return exitCode;
}

async function present(
  { output }: CliContext,
  decider: Decider,
  decision: Decision,
  flags: ResolveFlags,
): Promise<string> {
  if (flags.json) return JSON.stringify(jsonLine(decision));
  const candidates = await decider.candidates();
  const paint = painter(output.colour);
  return flags.explain ? explainDecision(decision, candidates, paint) : sayDecision(decision, candidates, paint);
}

/** Field by field, so that the documented line has nothing else in it. */
function jsonLine({ host, service, decision, target, confidence, reason, steps }: Decision): Decision {
  return { host, ...(service === undefined ? {} : { service }), decision, target, confidence, reason, steps };
}

async function makeDecider(
  context: CliContext,
  settings: Settings,
  flags: ResolveFlags,
  hostCount: number,
): Promise<Decider> {
  if (flags.services !== undefined) {
    return ownDecider(context, settings, flags, hostCount, await readSnapshotFile(flags.services));
  }
  // Flags that change who is asked are about this command, not about the daemon.
  const isOwn = settings.sources.llmUrl === 'flag' || settings.sources.model === 'flag';
  const daemon = isOwn ? undefined : await context.daemon(settings);
  if (daemon) return daemonDecider(daemon, flags);
  const snapshot = await ownScan(context, settings);
  context.warn(snapshot.warnings ?? []);
  return ownDecider(context, settings, flags, hostCount, snapshot);
}

function ownDecider(
  context: CliContext,
  settings: Settings,
  flags: ResolveFlags,
  hostCount: number,
  snapshot: Snapshot,
): Decider {
  const { domains, resolve: mode } = settings;
  // A file may tell of another machine; the LLM server is looked for on this one.
  const llm = chooseLlm(settings, {
    snapshot: async () => (flags.services === undefined ? snapshot : ownScan(context, settings)),
  });
  const budget = new LlmBudget({ perMinute: REQUESTS_PER_HOST * hostCount, keptForNavigations: 0 });
  const resolver = new Resolver({ llm: llm.client, findLlm: () => llm.current(), mode, domains, budget });
  return {
    domains,
    candidates: async () => candidatesOf(snapshot),
    decide: async (host) => {
      const { service, prompt } = flags;
      // Who the host itself stands for is settled first: its siblings are looked for around it.
      const origin = service === undefined ? null : (await resolver.resolve({ host }, snapshot)).resolved;
      const ask = {
        host,
        explain: flags.explain === true,
        ...given({ service, prompt }),
        ...(origin ? { origin } : {}),
      };
      return maskDecision(await resolver.resolve(ask, snapshot));
    },
  };
}

function daemonDecider(daemon: ApiClient, { service, mode, prompt, explain }: ResolveFlags): Decider {
  let services: Promise<Snapshot> | undefined;
  return {
    domains: daemon.status.domains,
    candidates: async () => {
      services ??= daemon.services();
      return candidatesOf(await services);
    },
    decide: async (host) => {
      const refused = refusalOf(host, daemon.status.domains);
      if (refused === undefined)
        return daemon.resolve({ host, ...given({ service, mode, prompt, explain: explain && '' }) });
      return { host, ...given({ service }), ...NOTHING, reason: refused };
    },
  };
}

const NOTHING = { decision: 'none' as const, target: null, confidence: 0, steps: [] };

/** Why this is no app's hostname: an empty one, or one longer than a request may be, is not even asked about. */
function refusalOf(host: string, domains: readonly string[]): string | undefined {
  try {
    parseAppHostname(host, domains);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Only what was said: `exactOptionalPropertyTypes` tells "undefined" from "absent". */
function given<T extends Record<string, string | undefined>>(said: T): { [K in keyof T]?: string } {
  const entries = Object.entries(said).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: string };
}
