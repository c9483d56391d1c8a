import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LANGUAGES } from '../languages.js';
import { MAIL_KIND_NAMES, SAMPLE_VALUES } from './mail-kinds.js';
import { MailRenderer, type MailToRender } from './mail-renderer.js';
import { TemplateFiles } from './template-files.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mail-templates-'));
  mkdirSync(join(folder, 'en'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const renderer = (brand = 'Twinkey', templates: string | null = null) =>
  new MailRenderer(
    {
      issuer: 'https://id.example.com/base/',
      brand: { name: brand, color: '#2b59c3', textColor: '#ffffff' },
    },
    new TemplateFiles(templates),
  );
const reset: MailToRender = {
  kind: 'reset-password',
  language: 'en',
  recipient: 'ada@example.com',
  values: { token: 'a+b' },
};

const SAMPLES = [
  ...MAIL_KIND_NAMES.map((kind) => [kind, SAMPLE_VALUES[kind]] as const),
  ...(['factor-added', 'factor-removed'] as const).flatMap((kind) =>
    (['totp', 'passkey', 'recovery_codes'] as const).map((factor) => [kind, { factor }] as const),
  ),
  ['recovery-code-used', { remaining: 0 }] as const,
];

it.each(LANGUAGES.flatMap((language) => SAMPLES.map((sample) => [language, ...sample] as const)))(
  '%s/%s %o has text and HTML with all values and its link, loads nothing, and leaves no placeholder',
  (language, kind, values) => {
    const mail = renderer().render({ ...reset, language, kind, values: { ...values } });
    expect(mail.link).toMatch(/^https:\/\/id\.example\.com\/base\/[a-z-]+(\?token=sample)?$/);
    expect(mail.text).toContain(mail.link);
    expect(mail.html).toContain(`<html lang="${language}">`);
    expect(mail.subject + mail.text + mail.html).not.toMatch(/\{\{|\}\}/);
    expect(mail.subject + mail.text + mail.html).not.toMatch(/undefined|null|NaN|\[object/);
    for (const [, text = ''] of mail.html.matchAll(/<p>(.*?)<\/p>/gs)) expect(text).toMatch(/^\S.*[.:,]$/s);
    for (const value of Object.values(values)) {
      if (value !== 'sample' && !('factor' in values)) expect(mail.text).toContain(String(value));
    }
    expect(mail.html).toContain('<meta name="color-scheme" content="light dark">');
    expect(mail.html).toContain('@media (prefers-color-scheme: dark)');
    expect(mail.html).not.toMatch(/<img|<script|<link|@import|url\(|src=/i);
  },
);

it.each(LANGUAGES)('%s tells the kinds of factors apart', (language) => {
  const texts = (['totp', 'passkey', 'recovery_codes'] as const).map(
    (factor) => renderer().render({ ...reset, language, kind: 'factor-added', values: { factor } }).text,
  );
  expect(new Set(texts).size).toBe(3);
});

it('encodes the token', () => {
  expect(renderer().render(reset).link).toBe('https://id.example.com/base/reset-password?token=a%2Bb');
});

it('escapes values in HTML, and lets none begin a line or a header', () => {
  const hostile = 'x"><img src=//evil>\r\nBcc: evil@example.com\u2028{{link}}{{{content}}}';
  const mail = renderer(hostile).render({ ...reset, kind: 'invitation' });
  expect(mail.subject).not.toMatch(/[\r\n\u2028]/);
  expect(mail.html).not.toContain('<img');
  expect(mail.text).not.toMatch(/^Bcc/m);
  expect(mail.html.match(/href=/g)).toHaveLength(1);
});

describe('MAIL_TEMPLATES', () => {
  it('replaces single files; a file for HTML replaces the layout', () => {
    writeFileSync(join(folder, 'en/reset-password.txt'), 'Subject: Own\r\n\r\nGo to {{link}} & <on>');
    const mail = renderer('Twinkey', folder).render(reset);
    expect(mail).toMatchObject({ subject: 'Own', text: `Go to ${mail.link} & <on>\n` });
    expect(mail.html).toContain('&#38; &#60;on&#62;');
    writeFileSync(join(folder, 'en/reset-password.html'), '<a href="{{link}}">{{brand}}</a>');
    expect(renderer('A & B', folder).render(reset).html).toBe(`<a href="${mail.link}">A &#38; B</a>`);
  });

  it.each([
    ['Hello', 'must begin with a line'],
    ['Subject: Own\n\nNo address', 'must contain {{link}}'],
    ['Subject: Own\n\n{{link}} {{nmae}}', 'unknown placeholder {{nmae}}'],
  ])('refuses %j and names the file', (text, message) => {
    writeFileSync(join(folder, 'en/reset-password.txt'), text);
    expect(() => renderer('Twinkey', folder)).toThrow(
      new RegExp(`MAIL_TEMPLATES: en/reset-password.*${message.replace(/[{}]/g, '\\$&')}`),
    );
  });

  it('must be a folder', () => {
    expect(() => renderer('Twinkey', join(folder, 'none'))).toThrow('is not a folder');
  });
});
