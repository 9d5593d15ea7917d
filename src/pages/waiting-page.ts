/** 503 with Retry-After: a known app is away, or what a hostname means is still being found out. */
import { type Html, html } from '../core/html.ts';
import type { PageBody, PageFormat } from '../core/http-message.ts';
import type { RouteOutcome } from '../core/route.ts';
import { awayNews, type DecisionUnderWay, decidingNews, type WaitNews } from '../core/wait.ts';
import { json, page, text } from './page-body.ts';
import { WAITING_SCRIPT } from './waiting-script.ts';

/** How long a client waits before it asks again for an app that is away. */
const RETRY_SECONDS = 2;
const RETRY = { 'retry-after': String(RETRY_SECONDS) };

/** What both pages need. */
export interface WaitingAsk {
  hostname: string;
  format: PageFormat;
  /** The page may listen to what happens; else it loads itself again every two seconds, as it does without scripts. */
  live: boolean;
  /** Where a person chooses another one. */
  picker: string;
}

/** Known, but not running now, or not answering yet. */
export function waitingPage(
  ask: WaitingAsk,
  { label, detail, refuses }: Extract<RouteOutcome, { kind: 'away' }>,
): PageBody {
  const { hostname, format, picker } = ask;
  const state = refuses ? 'runs and takes no connections yet' : 'is not running now';
  const next = refuses ? 'As soon as it answers' : 'Start it, and';
  const error = `“${hostname}” is “${label}”, which ${state}`;
  if (format === 'json') return json(503, { error, hostname, waitingFor: label, detail }, RETRY);
  if (format === 'text') return text(503, [error, detail, `Choose another in a browser: ${picker}`], RETRY);
  return waiting(ask, {
    title: `Waiting for ${label}`,
    heading: html`Waiting for <code>${label}</code>`,
    lead: html`<code>${hostname}</code> is “${label}”, which ${state}. ${next} it appears here by itself.`,
    news: awayNews(label, detail),
    other: 'Choose another one',
  });
}

/** Why it takes so long: the two waits differ by minutes. */
const SLOW_NOTE = 'This takes a while where an LLM is asked.';
const COLD_NOTE = 'The local language model is asked, which may have to be loaded first: that can take two minutes.';

/** The decision is not made yet. @param isModelCold a local model may have to be loaded first */
export function decidingPage(ask: WaitingAsk, underWay: DecisionUnderWay | undefined, isModelCold: boolean): PageBody {
  const { hostname, format, picker } = ask;
  const note = isModelCold ? COLD_NOTE : SLOW_NOTE;
  const error = `It is still being found out what “${hostname}” means`;
  if (format === 'json') return json(503, { error, hostname, detail: note }, RETRY);
  if (format === 'text') return text(503, [error, note, `Choose in a browser: ${picker}`], RETRY);
  return waiting(ask, {
    title: `Deciding on ${hostname}`,
    heading: html`Finding out what <code>${hostname}</code> means`,
    lead: html`${note} The app appears here by itself as soon as there is an answer, which is then remembered.`,
    news: decidingNews(underWay),
    other: 'Choose it yourself',
  });
}

interface WaitingWords {
  title: string;
  heading: Html;
  lead: Html;
  news: WaitNews;
  other: string;
}

function waiting({ live, picker }: WaitingAsk, { title, heading, lead, news, other }: WaitingWords): PageBody {
  return page(
    503,
    {
      title,
      refreshSeconds: RETRY_SECONDS,
      ...(live ? { script: WAITING_SCRIPT } : {}),
      body: html`<h1>${heading}</h1>
<p>${lead}</p>
<div class="card"><ol class="steps" aria-live="polite">${news.steps.map(
        ({ text: words, state }) => html`<li class="${state}">${words}</li>`,
      )}</ol></div>
<p class="actions"><a class="pick" href="${picker}" target="_top">${other}</a>
${live && html`<span class="soft">Waiting for <span class="since">0 s</span></span>`}</p>`,
    },
    RETRY,
  );
}
