import { expect, it } from 'vitest';
import { textsFor } from './languages.js';

it.each([
  [undefined, undefined, 'en'],
  [undefined, 'de-AT,de;q=0.9,en;q=0.5', 'de'],
  [undefined, 'fr, en;q=0.4, de;q=0.8', 'de'],
  [undefined, 'de;q=0, en', 'en'],
  ['de', 'en', 'de'],
  ['fr de-CH', 'en', 'de'],
  ['tlh', 'tlh', 'en'],
  [['de'], 'en', 'en'],
])('chooses the language for ui_locales %s and Accept-Language %s: %s', (locales, accept, language) => {
  expect(textsFor(locales, accept).language).toBe(language);
});
