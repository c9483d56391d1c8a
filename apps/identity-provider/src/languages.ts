/** Of pages and mails. The first one is used where nothing fits. */
export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

/**
 * Chooses a language.
 * @param acceptLanguage the browser's header (RFC 9110, section 12.5.4)
 * @param uiLocales the request's `ui_locales` (OpenID Connect Core 1.0, section 3.1.2.1): tags, most preferred first
 */
export function preferredLanguage(acceptLanguage: string | undefined, uiLocales?: unknown): Language {
  const wanted = [
    ...(typeof uiLocales === 'string' ? uiLocales.split(' ') : []),
    ...byQuality(acceptLanguage ?? ''),
  ];
  for (const tag of wanted) {
    const primary = tag.toLowerCase().split('-', 1)[0];
    const found = LANGUAGES.find((language) => language === primary);
    if (found) return found;
  }
  return LANGUAGES[0];
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
