/**
 * The frame of every page that we serve: one stylesheet, known by its digest, so that the policy allows exactly it; a
 * script only where a page has to tell what happens, known the same way. Nothing is loaded from anywhere.
 */
import { createHash } from 'node:crypto';
import { type Html, html, raw } from './html.ts';
import { PAGE_STYLE } from './page-style.ts';

/** What a page is made of. */
export interface DocumentParts {
  title: string;
  body: Html;
  /** Load again after this time; works without scripts. With `script` only where scripts do not run. */
  refreshSeconds?: number;
  /** A whole page of ours has our mark above `body`. */
  branded?: boolean;
  /** A script of our own, the same to the byte in every page: {@link documentPolicy} has to be given it, too. */
  script?: string;
  /** Load this instead of the page itself. A URL that we made. */
  refreshUrl?: string;
  /** More for the head. */
  head?: Html;
  /** Our own stylesheet and script, by path; a page with them goes with {@link APP_POLICY}. */
  app?: { style: string; script: string };
}

/** Our mark, as on the dashboard. */
const BRAND = raw(`<div class="brand"><svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="5" cy="12" r="3.2"/>
<circle cx="19" cy="5.5" r="3.2"/><circle cx="19" cy="18.5" r="3.2"/>
<path d="M8 11 C12 10 12 6 16 5.5 M8 13 C12 14 12 18 16 18.5"/></svg>hostwise</div>`);

const STYLE_SOURCE = sourceOf(PAGE_STYLE);
/** A dot, so that browsers do not ask the app or us for `/favicon.ico`. */
const ICON =
  'data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 viewBox=%220 0 8 8%22%3E%3Ccircle cx=%224%22 cy=%224%22 r=%223%22 fill=%22%232f4fc4%22/%3E%3C/svg%3E';

/** A complete page. */
export function renderDocument(parts: DocumentParts): string {
  const { title, body, head, refreshSeconds, refreshUrl, app, script, branded } = parts;
  const refresh =
    refreshSeconds !== undefined &&
    html`<meta http-equiv="refresh" content="${refreshSeconds}${refreshUrl === undefined ? '' : `;url=${refreshUrl}`}">`;
  // The stylesheet stands in the page as it was hashed, to the byte.
  const style = app
    ? html`<link rel="stylesheet" href="${app.style}"><script type="module" src="${app.script}"></script>`
    : html`<style>${raw(PAGE_STYLE)}</style>`;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<link rel="icon" href="${raw(ICON)}">${script !== undefined && refresh ? html`<noscript>${refresh}</noscript>` : refresh}${head}${style}</head>
<body>${branded ? html`<main class="narrow">${BRAND}${body}</main>` : body}${script !== undefined && html`<script>${raw(script)}</script>`}</body></html>
`.toString();
}

/**
 * Content-Security-Policy of {@link renderDocument}'s pages: our stylesheet, our icon, and nothing else.
 * @param formTargets what forms may lead to beside the page's own origin: browsers check redirects after a form, too
 * @param script the one that the page has; it may ask the page's own origin, and put text into the page but no HTML
 */
export function documentPolicy(formTargets: readonly string[] = [], script?: string): string {
  const forms = ["'self'", ...formTargets].join(' ');
  const scripts =
    script === undefined
      ? ''
      : `script-src ${sourceOf(script)}; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'; `;
  return (
    `default-src 'none'; style-src ${STYLE_SOURCE}; ${scripts}img-src data:; base-uri 'none'; form-action ${forms}; ` +
    `frame-ancestors 'none'`
  );
}

/** What stands inline is known by its digest (CSP level 3, section 8.3). */
function sourceOf(inline: string): string {
  return `'sha256-${createHash('sha256').update(inline).digest('base64')}'`;
}

/** Content-Security-Policy of a page with `app`: files and data of our own origin, nothing inline, nothing from elsewhere. */
export const APP_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; " +
  "form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/** Policy of what is no page. */
export const NO_DOCUMENT_POLICY = "default-src 'none'; frame-ancestors 'none'";
