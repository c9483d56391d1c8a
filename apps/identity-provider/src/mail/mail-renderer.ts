import { UserFacingError } from '#libs/core/user-facing-error.js';
import { LANGUAGES, type Language } from '../languages.js';
import { MAIL_KIND_NAMES, MAIL_KINDS, type MailKind, SAMPLE_VALUES } from './mail-kinds.js';
import {
  escapeHtml,
  fill,
  htmlOf,
  type MailTemplate,
  type Placeholders,
  parseTemplate,
  plain,
  textOf,
} from './mail-markup.js';
import type { TemplateFiles } from './template-files.js';

export interface MailBrand {
  name: string;
  /** `#rrggbb`, with the color of text on it. */
  color: string;
  textColor: string;
}

export interface RenderedMail {
  subject: string;
  text: string;
  html: string;
  /** The page that the mail's link opens. */
  link: string;
}

export interface MailToRender {
  kind: MailKind;
  language: Language;
  recipient: string;
  /** The row's `content`: `MailValues` of the kind. */
  values: Readonly<Record<string, unknown>>;
}

const LAYOUT = 'layout.html';

/** Makes mails of the templates, which are read once. Links begin with the issuer, never with a request's host. */
export class MailRenderer {
  private readonly templates = new Map<string, { template: MailTemplate; html: string | null }>();
  /** Around the content. */
  private readonly layout: readonly [string, string];

  /**
   * @param options.issuer `JWT_ISSUER`
   * @throws UserFacingError that names the file, if a template cannot be used
   */
  constructor(
    private readonly options: { issuer: string; brand: MailBrand },
    files: TemplateFiles,
  ) {
    const [before, after, ...others] = files.read(LAYOUT).split('{{{content}}}');
    if (before === undefined || after === undefined || others.length > 0) {
      throw new UserFacingError(`MAIL_TEMPLATES: ${LAYOUT} must contain {{{content}}} once.`);
    }
    this.layout = [before, after];
    for (const language of LANGUAGES) {
      for (const kind of MAIL_KIND_NAMES) {
        const name = `${language}/${kind}`;
        checked(`${name}.txt or ${name}.html or ${LAYOUT}`, () => {
          this.templates.set(name, {
            template: parseTemplate(files.read(`${name}.txt`)),
            html: files.find(`${name}.html`),
          });
          this.check(kind, language);
        });
      }
    }
  }

  render({ kind, language, recipient, values }: MailToRender): RenderedMail {
    const found = this.templates.get(`${language}/${kind}`);
    if (!found) throw new Error(`There is no mail ${kind} in language ${language}.`);
    const link = this.linkOf(kind, values);
    const placeholders = this.placeholders({ recipient, values, link });
    const { template, html } = found;
    const subject = fill(template.subject, placeholders, plain);
    const around = { ...placeholders, subject, language };
    return {
      subject,
      link,
      text: textOf(template.blocks, placeholders),
      html:
        html === null
          ? this.layout
              .map((part) => fill(part, around, escapeHtml))
              .join(htmlOf(template.blocks, placeholders))
          : fill(html, around, escapeHtml),
    };
  }

  private linkOf(kind: MailKind, { token }: Readonly<Record<string, unknown>>): string {
    const page = this.options.issuer.replace(/\/+$/, '') + MAIL_KINDS[kind].path;
    return typeof token === 'string' ? `${page}?token=${encodeURIComponent(token)}` : page;
  }

  private placeholders({
    recipient,
    values,
    link,
  }: {
    recipient: string;
    values: Readonly<Record<string, unknown>>;
    link: string;
  }): Placeholders {
    const { brand } = this.options;
    const text = (name: string): string => String(values[name] ?? '');
    const isFactor = (name: string): string => (values['factor'] === name ? 'yes' : '');
    return {
      brand: brand.name,
      color: brand.color,
      text_color: brand.textColor,
      email: recipient,
      link,
      new_email: text('newEmail'),
      remaining: text('remaining'),
      totp: isFactor('totp'),
      passkey: isFactor('passkey'),
      recovery_codes: isFactor('recovery_codes'),
    };
  }

  private check(kind: MailKind, language: Language): void {
    const values = { ...SAMPLE_VALUES[kind] };
    const { text, html, link } = this.render({ kind, language, recipient: 'ada@example.com', values });
    if (!text.includes(link) || !html.includes(escapeHtml(link))) throw new Error('must contain {{link}}');
  }
}

function checked(name: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw new UserFacingError(`MAIL_TEMPLATES: ${name} ${(error as Error).message}.`);
  }
}
