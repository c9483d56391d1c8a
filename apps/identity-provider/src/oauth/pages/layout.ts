import { type Html, html } from './html.js';
import { SCRIPT_VERSION } from './passkey-script.js';
import type { Texts } from './texts/texts.js';

/** What all pages have in common. */
export interface PageFrame {
  texts: Texts;
  brandName: string;
  hasLogo: boolean;
  /** The issuer's path without a trailing slash, in front of every link. */
  basePath: string;
  /** Changes with the stylesheet, so that browsers can keep it. */
  styleVersion: string;
}

export interface Page {
  title: string;
  /** The title of the document, if it says more. */
  documentTitle?: string;
  body: Html;
  /** More elements for `<head>`. */
  head?: Html;
  /** Whether the page works with passkeys, which need a script. */
  hasScript?: boolean;
  status?: number;
}

/** The complete document of a page. */
export function renderPage(
  frame: PageFrame,
  { title, documentTitle = title, body, head, hasScript }: Page,
): string {
  const { texts, brandName, hasLogo, basePath, styleVersion } = frame;
  const brand = hasLogo
    ? html`<img src="${basePath}/oauth/logo" alt="${brandName}">`
    : html`<span class="mark" aria-hidden="true"></span><span>${brandName}</span>`;
  return html`<!doctype html>
<html lang="${texts.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${documentTitle} – ${brandName}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${basePath}/oauth/style.css?${styleVersion}">${head}${
    hasScript &&
    html`
<script src="${basePath}/oauth/passkeys.js?${SCRIPT_VERSION}" type="module"></script>`
  }
</head>
<body>
<main>
<p class="brand">${brand}</p>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`.text;
}
