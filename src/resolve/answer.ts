/**
 * The model's answer: a claim to be checked, never more. An id that was not given, a port that is not one of the
 * service's, or a confidence under the threshold decides nothing; nothing is repaired into a guess.
 */
import { z } from 'zod';
import { candidatePorts, type Service } from '../core/service.ts';
import { cleanText } from './prompt-text.ts';

/** Longest reason that is kept, in characters. */
const MAX_REASON_CHARS = 300;
/** The answer that means: none of them. */
export const NONE = 'none';

/**
 * Confidence from which an answer routes. Below it the user picks: models say 0.3 to 0.5 when they name the least bad
 * of several, and 0.7 or more when a name clearly fits.
 */
export const CONFIDENCE_THRESHOLD = 0.6;

/** Shape of the answer. Further fields are ignored. */
export const answerSchema = z.object({
  candidate: z.string().max(64),
  port: z.number().int().min(1).max(65_535).nullable(),
  confidence: z.number().min(0).max(1),
  reason: z.string().transform((reason) => cleanText(reason, MAX_REASON_CHARS)),
});
/** See {@link answerSchema}. */
export type Answer = z.infer<typeof answerSchema>;

/** What an answer comes to. `detail` is one sentence for people. */
export type Verdict =
  | { kind: 'decided'; service: Service; port: number; confidence: number; reason: string }
  | { kind: 'none'; detail: string }
  /** Named somebody, but is not sure enough. */
  | { kind: 'unsure'; service: Service; detail: string }
  /** Not one of the allowed answers. */
  | { kind: 'refused'; detail: string };

/**
 * Check an answer against what was asked.
 * @param ids the opaque ids of the prompt
 */
export function judgeAnswer(answer: Answer, ids: ReadonlyMap<string, Service>): Verdict {
  const { candidate, confidence, reason } = answer;
  if (candidate === NONE) return { kind: 'none', detail: `The model says that nothing fits: ${reason}` };
  const service = ids.get(candidate);
  if (!service)
    return { kind: 'refused', detail: `The model named "${cleanText(candidate, 40)}", which is no candidate` };
  const port = portOf(answer.port, service);
  if (typeof port === 'string') return { kind: 'refused', detail: port };
  if (confidence < CONFIDENCE_THRESHOLD) {
    return { kind: 'unsure', service, detail: `The model is not sure (${confidence}): ${reason}` };
  }
  return { kind: 'decided', service, port, confidence, reason };
}

/** The port, or why it is none. */
function portOf(port: number | null, service: Service): number | string {
  const ports = candidatePorts(service);
  const [only] = ports;
  if (port === null && ports.length === 1 && only !== undefined) return only;
  if (port === null) return 'The model named no port, and the service has several';
  return ports.includes(port) ? port : `The model named port "${port}", which the service does not listen on`;
}
