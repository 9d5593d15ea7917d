/**
 * The addresses of a name as the system's own resolver gives them to every program (getaddrinfo): what dns.lookup asks.
 * In a process of its own, because a resolver that waits for a name server cannot be called back, and would hold up our end.
 */
import { z } from 'zod';
import { run } from './exec.ts';

/** What the resolver says; no addresses when it does not know the name. */
export interface LookUp {
  addresses: string[];
  /** Its error (`ENOTFOUND`, `EAI_AGAIN`), or that it took too long. */
  error?: string;
}

/** Reads names from its arguments and prints one JSON line. */
const SCRIPT = `
const dns = require('node:dns');
const look = (name) => new Promise((resolve) =>
  dns.lookup(name, { all: true, verbatim: true }, (error, found) =>
    resolve(error ? { addresses: [], error: error.code } : { addresses: found.map(({ address }) => address) })));
Promise.all(process.argv.slice(1).map(look)).then((all) => console.log(JSON.stringify(all)));
`;

const answersSchema = z.array(z.object({ addresses: z.array(z.string()), error: z.string().exactOptional() }));

/**
 * Look names up, at once. Never rejects.
 * @param timeoutMs for all of them; whoever is asked by the system (DNS) may see the names
 */
export async function lookUpAll(names: readonly string[], timeoutMs: number): Promise<LookUp[]> {
  if (names.length === 0) return [];
  const { stdout, stderr } = await run(process.execPath, ['-e', SCRIPT, '--', ...names], { timeoutMs, env: PLAIN });
  const answers = answersSchema.safeParse(parseJson(stdout));
  if (answers.success && answers.data.length === names.length) return answers.data;
  const error = /was stopped after/.test(stderr) ? `no answer in ${timeoutMs / 1000} s` : 'the look-up failed';
  return names.map(() => ({ addresses: [], error }));
}

/** No loaders and debuggers of the caller's. Threads: one a name, so that a slow one keeps none of the others. */
const PLAIN = { NODE_OPTIONS: '', UV_THREADPOOL_SIZE: '32' };

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
