/** What `status` says, for people. Pure. */
import { CONTROL_LABEL } from '../core/hostname.ts';
import type { Identity } from '../service/lifecycle.ts';
import type { DaemonReport } from './api-client.ts';
import { PLACES } from './launch-daemon.ts';
import { count, type Painter, printable } from './text.ts';
import { siteUrl } from './urls.ts';

/** What is known of a daemon that runs. */
export interface StatusFacts {
  identity: Identity;
  report: DaemonReport;
  /** Of the program that asks: an upgrade may lie between. */
  ownVersion: string;
  now: Date;
  commandLine: (args: string) => string;
}

const TITLE_WIDTH = 8;

/** Write it, without a line break at the end. */
export function renderStatus(facts: StatusFacts, paint: Painter): string {
  const { identity, report, now } = facts;
  const { llm, docker, trust, ports } = report;
  const up = duration(now.getTime() - Date.parse(report.startedAt));
  const head = `${paint('bold', 'hostwise')} ${report.version} runs ${PLACES[identity.runBy]}, pid ${identity.pid}, up ${up}`;
  const site = { ports, trusted: trust.trusted === true };
  return [
    head,
    ...part('Look', [`${siteUrl(`${CONTROL_LABEL}.localhost`, site)}/`], paint),
    ...part('Ports', [`https ${ports.https ?? 'none'}, http ${ports.http ?? 'none'}`], paint),
    ...part('LLM', [llmText(llm, paint), ...spendLines(llm.spend)], paint),
    ...part('Docker', [dockerText(docker)], paint),
    ...part('Routes', [count(report.routes, 'route')], paint),
    ...part('Trust', trustLines(trust, paint), paint),
    ...part('Data', [printable(report.dataDir)], paint),
    ...part('Error', [errorText(report.lastError)], paint),
    ...part(
      'Note',
      notes(facts).map((note) => paint('yellow', note)),
      paint,
    ),
  ].join('\n');
}

function part(title: string, lines: readonly string[], paint: Painter): string[] {
  return lines.map((line, i) => `  ${paint('dim', (i === 0 ? title : '').padEnd(TITLE_WIDTH))}${line}`);
}

function llmText({ usable, reason }: DaemonReport['llm'], paint: Painter): string {
  return usable ? printable(reason) : paint('yellow', `not asked: ${printable(reason)}`);
}

/** What it has cost, once it was asked. */
function spendLines(spend: DaemonReport['llm']['spend']): string[] {
  if (spend === undefined || spend.calls === 0) return [];
  const { calls, failures, promptTokens, completionTokens, cost } = spend;
  const failed = failures === 0 ? '' : `, ${failures} without a usable answer`;
  const paid = cost === null ? '' : `, cost ${Number(cost.toPrecision(4))}`;
  return [`${count(calls, 'call')} since the start${failed}, ${promptTokens} + ${completionTokens} tokens${paid}`];
}

function dockerText({ connected, detail }: DaemonReport['docker']): string {
  if (connected) return printable(detail);
  return detail === '' ? 'no engine here' : printable(detail);
}

function trustLines({ stores }: DaemonReport['trust'], paint: Painter): string[] {
  if (stores.length === 0) return ['no store was found'];
  return stores.map(
    ({ title, trusted }) => `${paint(trusted ? 'green' : 'yellow', trusted ? '✓' : '✗')} ${printable(title)}`,
  );
}

function errorText(error: DaemonReport['lastError']): string {
  return error === null ? 'none' : `${error.time.slice(0, 19).replace('T', ' ')} UTC  ${printable(error.message)}`;
}

function notes({ report, ownVersion, commandLine }: StatusFacts): string[] {
  const notes = report.warnings.map(printable);
  if (report.version !== ownVersion)
    notes.push(`This program is ${ownVersion}; "${commandLine('restart')}" brings it up`);
  return notes;
}

/** The two largest units that say something: `3 d 4 h`, `12 min`, `8 s`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const units = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = units.findIndex(([amount]) => amount > 0);
  if (first === -1) return '0 s';
  return units
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ');
}
