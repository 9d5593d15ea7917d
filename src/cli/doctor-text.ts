/** What `doctor` says, for people: one line a finding, and below it the command that mends it. Pure. */
import type { Finding, FindingState } from '../doctor/check.ts';
import { count, type Painter, printable, type Style } from './text.ts';

const MARKS: Readonly<Record<FindingState, { mark: string; style: Style }>> = {
  ok: { mark: '✓', style: 'green' },
  advice: { mark: '!', style: 'yellow' },
  problem: { mark: '✗', style: 'red' },
  unknown: { mark: '?', style: 'yellow' },
};

/** Write it, without a line break at the end. */
export function renderFindings(findings: readonly Finding[], paint: Painter): string {
  const problems = findings.filter(({ state }) => state === 'problem').length;
  const advice = findings.filter(({ state }) => state === 'advice').length;
  const sum =
    problems > 0
      ? `${count(problems, 'problem')}${advice > 0 ? `, and ${advice} that could be better` : ''}`
      : `No problem${advice > 0 ? `; ${advice} could be better` : ''}`;
  return [...findings.flatMap((finding) => lines(finding, paint)), '', sum].join('\n');
}

function lines({ title, state, detail, fix }: Finding, paint: Painter): string[] {
  const { mark, style } = MARKS[state];
  const line = `${paint(style, mark)} ${paint('bold', printable(title))}: ${printable(detail)}`;
  return fix === undefined ? [line] : [line, `    ${paint('cyan', printable(fix))}`];
}
