import { preferredLanguage } from '#libs/http/input/preferred-language.js';
import { de } from './de.js';
import { en } from './en.js';
import type { Texts } from './texts.js';

/** Add a language to both lines, and its file. The first one is used where nothing fits. */
const LANGUAGES = ['en', 'de'] as const;
const TEXTS: Record<(typeof LANGUAGES)[number], Texts> = { en, de };

/**
 * Chooses the language of a page.
 * @param uiLocales the request's `ui_locales` @param acceptLanguage the browser's header
 */
export const textsFor = (uiLocales: unknown, acceptLanguage: string | undefined): Texts =>
  TEXTS[preferredLanguage(LANGUAGES, acceptLanguage, uiLocales)];
