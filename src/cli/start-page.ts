/**
 * What a user sees when hostwise has started: what to open, where it listens, which LLM it asks, how to trust the CA.
 * Pure: the report in, the text out.
 */

import { CONTROL_LABEL, originUrl } from '../core/hostname.ts';
import { lowPortAdvice } from '../platform/low-ports.ts';
import type { StartReport, StartService } from '../start-report.ts';
import { clip, type Painter, painter, printable } from './text.ts';

/** How to write it. */
export interface StartPageOptions {
  colour: boolean;
  /** Columns. URLs and commands are never cut: they are there to be copied. */
  width: number;
  /** How this program is called: `run --demo` -> `npm start -- --demo`. Default: `hostwise ...`. */
  commandLine?: (args: string) => string;
  /** The command that installs the service, where this version has one. */
  serviceCommand?: string | undefined;
  platform?: NodeJS.Platform;
  /** What else there is to say about names, when programs other than browsers cannot find them. */
  namesHint?: string | undefined;
}

/** The whole page stays under 30 lines on a usual machine. */
const MAX_SERVICES = 12;
/** Titles stand in a column of their own. */
const TITLE_WIDTH = 9;
const MARGIN = '  ';

/** One part of the page: a title and its lines. */
interface Part {
  title: string;
  lines: string[];
  /** An empty line stands before it. */
  apart?: boolean;
}

/** Write the page, without a line break at the end. */
export function renderStartPage(report: StartReport, options: StartPageOptions): string {
  const paint = painter(options.colour);
  const say = options.commandLine ?? ((args: string) => `hostwise ${args}`);
  const parts: Part[] = [
    { title: 'Open', lines: openLines(report, { ...options, paint, say }) },
    { title: 'Look', lines: lookLines(report), apart: true },
    { title: 'Listens', lines: listenLines(report, { ...options, paint, say }) },
    { title: 'LLM', lines: llmLines(report) },
    { title: 'Trust', lines: trustLines(report, { paint, say }) },
    { title: 'Names', lines: options.namesHint === undefined ? [] : [options.namesHint] },
    { title: 'Note', lines: report.warnings.map((warning) => paint('yellow', printable(warning))) },
  ];
  const head = ['', `${MARGIN}${paint('bold', 'hostwise')} ${report.version}`, ''];
  return [...head, ...parts.flatMap((part) => renderPart(part, paint)), ''].join('\n');
}

function renderPart({ title, lines, apart }: Part, paint: Painter): string[] {
  const rendered = lines.map((line, i) => {
    const head = (i === 0 ? title : '').padEnd(TITLE_WIDTH);
    return `${MARGIN}${paint('dim', head)}${line}`.trimEnd();
  });
  return apart && rendered.length > 0 ? ['', ...rendered] : rendered;
}

/** Plain http first while browsers would warn; https once they do not. */
function schemeOf({ trust, httpMode }: StartReport): 'http' | 'https' {
  return trust.trusted || httpMode === 'redirect' ? 'https' : 'http';
}

function pageUrl(report: StartReport, hostname: string): string {
  const scheme = schemeOf(report);
  return originUrl(scheme, hostname, scheme === 'https' ? report.httpsPort : report.httpPort);
}

interface Writing extends StartPageOptions {
  paint: Painter;
  say: (args: string) => string;
}

function openLines(report: StartReport, { paint, say, width }: Writing): string[] {
  const { services } = report;
  if (services.length === 0) {
    return [
      'Nothing runs here yet. Start a dev server as you always do, then open',
      paint('cyan', pageUrl(report, 'PROJECT.localhost')),
      `To see it at work now: ${say('run --demo')}`,
    ];
  }
  const shown = services.slice(0, MAX_SERVICES);
  const urls = shown.map(({ hostname }) => pageUrl(report, printable(hostname)));
  const column = Math.max(...urls.map((url) => url.length)) + 2;
  const room = Math.max(20, width - MARGIN.length - TITLE_WIDTH - column);
  const lines = shown.map((service, i) => {
    const url = urls[i] ?? '';
    return paint('cyan', url) + ' '.repeat(column - url.length) + paint('dim', clip(describe(service), room));
  });
  const more = services.length - shown.length;
  return more > 0 ? [...lines, `… ${more} more: ${say('services')}`] : lines;
}

function describe({ label, branch, address }: StartService): string {
  const name = branch === undefined ? label : `${label} · ${branch}`;
  return printable(address === '' ? name : `${name} · ${address}`);
}

function lookLines(report: StartReport): string[] {
  const origin = pageUrl(report, `${CONTROL_LABEL}.localhost`);
  return [`${origin}/  what is routed where, and why; ${origin}/_debug`];
}

function listenLines(report: StartReport, { platform = process.platform, serviceCommand, say }: Writing): string[] {
  const { httpsPort, httpPort, hosts, portNotes, deniedPort, domains } = report;
  const further = domains.filter((domain) => domain !== 'localhost').map((domain) => `*.${domain}`);
  const names = further.length === 0 ? '' : `, for ${['*.localhost', ...further].join(', ')}`;
  const http = schemeOf(report) === 'https' && report.httpMode === 'redirect' ? 'http (to https)' : 'http';
  const where = `https ${httpsPort}, ${http} ${httpPort} on ${hosts.join(' and ')}${names}`;
  if (deniedPort === undefined) return [where, ...portNotes.map(printable)];
  const { text } = lowPortAdvice({ platform, lowest: deniedPort, serviceCommand, runCommand: say('run') });
  return [where, ...portNotes.map(printable), text];
}

function llmLines({ llm }: StartReport): string[] {
  if (llm.url !== undefined && llm.found !== undefined) {
    return [printable(`${llm.model} of ${llm.found}, found at ${llm.url}, asked where names settle nothing`)];
  }
  if (llm.url !== undefined) {
    return [printable(`${llm.model ?? 'the model it has'} at ${llm.url}, asked where names settle nothing`)];
  }
  const reason = printable(llm.reason ?? 'none');
  if (!reason.includes('LLM_API_KEY')) return [reason];
  return [reason, 'for example: LLM_API_URL=http://127.0.0.1:11434/v1 MODEL=qwen3:8b'];
}

/** One command is enough: what it cannot do, it says itself, with the lines for it. */
function trustLines({ trust }: StartReport, { paint, say }: Pick<Writing, 'paint' | 'say'>): string[] {
  const missing = trust.stores.filter((store) => !store.trusted && store.commands.length > 0);
  const trusted = trust.stores.filter((store) => store.trusted).map(({ title }) => title);
  const lines: string[] = [];
  if (trusted.length > 0) lines.push(`https:// is trusted by ${printable(trusted.join(', '))}`);
  if (missing.length > 0) {
    lines.push(
      trust.trusted ? 'Not yet by these:' : 'https:// works once the certificate is trusted. Until then open http://',
    );
  }
  if (missing.length > 0) {
    const titles = missing.map(({ title }) => printable(title)).join(' · ');
    lines.push(`  ${paint('bold', say('trust'))}   ${paint('dim', `# ${titles}`)}`);
  }
  return lines;
}
