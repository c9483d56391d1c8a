import type { Texts } from '../../oauth/pages/texts/texts.js';
import { de } from './texts/de.js';
import { en } from './texts/en.js';
import type { AccountTexts } from './texts/texts.js';

const LANGUAGES: Readonly<Record<string, AccountTexts>> = { en, de };

/** The texts for accounts, in the language that was chosen for the page. */
export const accountTextsFor = ({ language }: Texts): AccountTexts => LANGUAGES[language] ?? en;
