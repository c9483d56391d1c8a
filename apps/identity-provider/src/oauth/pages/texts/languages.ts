import { de } from './de.js';
import { en } from './en.js';
import type { Texts } from './texts.js';

/** Add a language here, and its file. The first one is used where nothing fits. */
const LANGUAGES: readonly Texts[] = [en, de];

/**
 * Chooses the language of a page.
 * @param uiLocales the request's `ui_locales` (OpenID Connect Core 1.0, section 3.1.2.1): tags, most preferred first
 * @param acceptLanguage the browser's header (RFC 9110, section 12.5.4)
 */
export function textsFor(uiLocales: unknown, acceptLanguage: string | undefined): Texts {
  const wanted = [
    ...(typeof uiLocales === 'string' ? uiLocales.split(' ') : []),
    ...byQuality(acceptLanguage ?? ''),
  ];
  for (const tag of wanted) {
    const primary = tag.toLowerCase().split('-', 1)[0];
    const found = LANGUAGES.find(({ language }) => language === primary);
    if (found) return found;
  }
  return LANGUAGES[0] as Texts;
}

function byQuality(header: string): string[] {
  return header
    .split(',')
    .map((entry) => {
      const [tag = '', ...parameters] = entry.trim().split(/\s*;\s*/);
      const quality = parameters.map((each) => /^q=([\d.]+)$/i.exec(each)?.[1]).find(Boolean);
      return { tag, quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality)
    .map(({ tag }) => tag);
}
