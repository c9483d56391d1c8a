import type { Texts } from '../../oauth/pages/texts/texts.js';
import { de } from './texts/de.js';
import { en } from './texts/en.js';
import type { OwnAccountTexts } from './texts/texts.js';

const LANGUAGES: Readonly<Record<string, OwnAccountTexts>> = { en, de };

/** English dates are unambiguous in this form: 26 Nov 2026. */
const LOCALES: Readonly<Record<string, string>> = { en: 'en-GB' };

/** The texts of the account pages, in the language that was chosen for the page. */
export const ownAccountTextsFor = ({ language }: Texts): OwnAccountTexts => LANGUAGES[language] ?? en;

/**
 * A time as people read it. The server does not know their time zone.
 * @param timeStyle `medium` has the seconds: labels must differ where two things have the same name
 */
export const timeText = ({ language }: Texts, time: Date, timeStyle: 'short' | 'medium' = 'short'): string =>
  `${new Intl.DateTimeFormat(LOCALES[language] ?? language, {
    dateStyle: 'medium',
    timeStyle,
    timeZone: 'UTC',
  }).format(time)} UTC`;
