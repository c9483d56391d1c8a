import { type Html, html } from './html.js';
import type { PageScript } from './page-script.js';
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
  /** Above the title. */
  sign?: Html;
  /** `narrow`, by default: one card around everything. `wide`: the body is one or several of `<section class="card">`. */
  width?: 'narrow' | 'wide';
  /** More elements for `<head>`. */
  head?: Html;
  script?: PageScript;
  status?: number;
}

/** The complete document of a page. */
export function renderPage(frame: PageFrame, page: Page): string {
  const { title, documentTitle = title, body, head, sign, width = 'narrow', script } = page;
  const { texts, brandName, hasLogo, basePath, styleVersion } = frame;
  const brand = hasLogo
    ? html`<img src="${basePath}/oauth/logo" alt="${brandName}">`
    : html`<span class="mark" aria-hidden="true">${initialOf(brandName)}</span><span>${brandName}</span>`;
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
    script &&
    html`
<script src="${basePath}${script.path}?${script.version}" type="module"></script>`
  }
</head>
<body class="${width}">
<main>
<p class="brand">${brand}</p>
${sign}<h1>${title}</h1>
${body}
</main>
</body>
</html>
`.text;
}

const initialOf = (name: string): string => (Array.from(name)[0] ?? '').toUpperCase();
