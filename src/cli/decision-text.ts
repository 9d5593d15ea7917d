/** A decision in words for a terminal. Pure. */
import type { Decision, DecisionStep } from '../core/decision.ts';
import { candidatePorts, describeService, type Service } from '../core/service.ts';
import { type Painter, printable } from './text.ts';

/** Two lines: what the hostname means, and why. */
export function sayDecision(decision: Decision, services: readonly Service[], paint: Painter): string {
  return [headline(decision, services, paint), `  ${printable(decision.reason)}`].join('\n');
}

function headline(
  { host, service, target, decision, confidence }: Decision,
  services: readonly Service[],
  paint: Painter,
): string {
  const asked = printable(service === undefined ? host : `${host} ${service}`);
  if (target === null) return `${paint('bold', asked)} -> ${paint('yellow', 'fits nothing')}`;
  const found = services.find(({ id }) => id === target.id);
  const label = found === undefined ? target.id : describeService(found);
  const how = decision === 'llm' ? `by the LLM, ${Math.round(confidence * 100)}% sure` : `by ${decision}`;
  return `${paint('bold', asked)} -> ${paint('green', printable(label))}, port ${target.port} (${target.id}, ${how})`;
}

/** The same with the candidates, every step, and exactly what left the machine. */
export function explainDecision(decision: Decision, services: readonly Service[], paint: Painter): string {
  return [
    sayDecision(decision, services, paint),
    paint('dim', services.length === 0 ? '  nothing could be meant' : '  could be meant:'),
    ...services.map((service) => `    ${candidateLine(service)}`),
    ...decision.steps.flatMap((step) => stepLines(step, paint)),
    '',
  ].join('\n');
}

function candidateLine(service: Service): string {
  return printable(`${service.id}  ${describeService(service)}  ${candidatePorts(service).join(' ')}`);
}

function stepLines(step: DecisionStep, paint: Painter): string[] {
  const { step: name, outcome, detail, durationMs, candidates = [] } = step;
  const lines = [`  ${paint('bold', name)}: ${outcome}, ${durationMs.toFixed(1)} ms: ${printable(detail)}`];
  if (candidates.length > 0) lines.push(`    fitting: ${printable(candidates.join(' '))}`);
  if (step.model !== undefined) lines.push(`    ${printable(costLine(step))}`);
  if (step.prompt !== undefined) lines.push(paint('dim', sentLine(step)), ...quoted(step.prompt));
  for (const request of step.requests ?? [])
    lines.push(paint('dim', '    around it:'), ...quoted(aroundPrompt(request)));
  if (step.answer !== undefined) lines.push(paint('dim', '    answered:'), ...quoted(step.answer));
  return lines;
}

function sentLine({ outcome }: DecisionStep): string {
  return outcome === 'skipped' ? '    would be sent, and nothing else:' : '    sent, and nothing else:';
}

/** A request's body without the messages that stand above; `--json` has every byte. */
function aroundPrompt(body: string): string {
  const { messages: _, ...fields } = JSON.parse(body) as Record<string, unknown>;
  return JSON.stringify(fields);
}

function costLine({ model = '', tokens, cost }: DecisionStep): string {
  const used = tokens === undefined ? '' : `, ${tokens.prompt} + ${tokens.completion} tokens`;
  return `${model}${used}${cost === undefined ? '' : `, cost ${cost}`}`;
}

function quoted(text: string): string[] {
  return text.split('\n').map((line) => `      | ${printable(line)}`.trimEnd());
}
