/**
 * The frame of every page that we serve: one stylesheet, known by its digest, so that the policy allows exactly it and
 * no script at all. Nothing is loaded from anywhere.
 */
import { createHash } from 'node:crypto';
import { type Html, html, raw } from './html.ts';

/** What a page is made of. */
export interface DocumentParts {
  title: string;
  body: Html;
  /** Load again after this time; works without scripts. */
  refreshSeconds?: number;
  /** Load this instead of the page itself. A URL that we made. */
  refreshUrl?: string;
  /** More for the head. */
  head?: Html;
  /** Our own stylesheet and script, by path; a page with them goes with {@link APP_POLICY}. */
  app?: { style: string; script: string };
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2024; --soft: #60646c; --line: #d9d9e0; --back: #fcfcfd; --card: #fff;
  --accent: #3451b2; --bad: #b42318; --wait: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #edeef0; --soft: #a0a4ab; --line: #363a3f; --back: #111113;
  --card: #18191b; --accent: #9eb1ff; --bad: #ff9592; --wait: #ffca16; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
main.narrow { max-width: 42rem; padding-top: 10vh; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .75rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .5rem 0; overflow-wrap: anywhere; }
a { color: var(--accent); }
code, pre { font: .875em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .8rem;
  white-space: pre-wrap; margin: .5rem 0; }
.soft { color: var(--soft); }
.bad { color: var(--bad); }
.wait { color: var(--wait); }
.tag { border: 1px solid var(--line); border-radius: 1rem; padding: 0 .5rem; font-size: .8rem; white-space: nowrap; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .925rem; }
th { text-align: left; color: var(--soft); font-weight: 500; font-size: .8rem; }
th, td { padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td { overflow-wrap: anywhere; }
form { margin: 0; }
button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: .4rem;
  padding: .25rem .7rem; cursor: pointer; white-space: nowrap; }
button:hover, button:focus-visible { border-color: var(--accent); }
ul.choices { list-style: none; padding: 0; margin: 1rem 0; }
ul.choices li { margin: .5rem 0; }
ul.choices button { width: 100%; text-align: left; padding: .7rem 1rem; overflow-wrap: anywhere;
  white-space: normal; }
ul.choices strong, ul.choices small { display: block; }
small { color: var(--soft); }
`;

const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;
/** A dot, so that browsers do not ask the app or us for `/favicon.ico`. */
const ICON =
  'data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 viewBox=%220 0 8 8%22%3E%3Ccircle cx=%224%22 cy=%224%22 r=%223%22 fill=%22%233451b2%22/%3E%3C/svg%3E';

/** A complete page. */
export function renderDocument(parts: DocumentParts): string {
  const { title, body, head, refreshSeconds, refreshUrl, app } = parts;
  const refresh =
    refreshSeconds !== undefined &&
    html`<meta http-equiv="refresh" content="${refreshSeconds}${refreshUrl === undefined ? '' : `;url=${refreshUrl}`}">`;
  // The stylesheet stands in the page as it was hashed, to the byte.
  const style = app
    ? html`<link rel="stylesheet" href="${app.style}"><script type="module" src="${app.script}"></script>`
    : html`<style>${raw(STYLE)}</style>`;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<link rel="icon" href="${raw(ICON)}">${refresh}${head}${style}</head>
<body>${body}</body></html>
`.toString();
}

/**
 * Content-Security-Policy of {@link renderDocument}'s pages: our stylesheet, our icon, and nothing else.
 * @param formTargets what forms may lead to beside the page's own origin: browsers check redirects after a form, too
 */
export function documentPolicy(formTargets: readonly string[] = []): string {
  const forms = ["'self'", ...formTargets].join(' ');
  return (
    `default-src 'none'; style-src ${STYLE_SOURCE}; img-src data:; base-uri 'none'; form-action ${forms}; ` +
    `frame-ancestors 'none'`
  );
}

/** Content-Security-Policy of a page with `app`: files and data of our own origin, nothing inline, nothing from elsewhere. */
export const APP_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; " +
  "form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/** Policy of what is no page. */
export const NO_DOCUMENT_POLICY = "default-src 'none'; frame-ancestors 'none'";
