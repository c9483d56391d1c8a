import { type Language, preferredLanguage } from '../../../languages.js';
import { de } from './de.js';
import { en } from './en.js';
import type { Texts } from './texts.js';

const TEXTS: Record<Language, Texts> = { en, de };

/**
 * Chooses the language of a page.
 * @param uiLocales the request's `ui_locales` @param acceptLanguage the browser's header
 */
export const textsFor = (uiLocales: unknown, acceptLanguage: string | undefined): Texts =>
  TEXTS[preferredLanguage(acceptLanguage, uiLocales)];
