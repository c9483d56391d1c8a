/** A template: a subject, and blocks of text that are separated by empty lines. */
export interface MailTemplate {
  subject: string;
  blocks: MailBlock[];
}

/** A paragraph, or a link on a line of its own: `[label](address)`. */
export type MailBlock = { kind: 'text'; text: string } | { kind: 'link'; label: string; address: string };

/** Every placeholder, with its value or an empty text. */
export type Placeholders = Readonly<Record<string, string>>;

/** @throws Error if the first line is no `Subject: …` */
export function parseTemplate(text: string): MailTemplate {
  const [first = '', ...lines] = text.replace(/\r\n?/g, '\n').split('\n');
  const subject = /^Subject: *(\S.*)$/.exec(first)?.[1]?.trim();
  if (subject === undefined) throw new Error('must begin with a line "Subject: …"');
  const paragraphs = lines.join('\n').split(/\n\s*\n/);
  return {
    subject,
    blocks: paragraphs
      .map((one) => one.trim())
      .filter(Boolean)
      .map(blockOf),
  };
}

function blockOf(text: string): MailBlock {
  const [, label, address] = /^\[([^\]\n]+)\]\(([^)\n]+)\)$/.exec(text) ?? [];
  return label === undefined || address === undefined
    ? { kind: 'text', text }
    : { kind: 'link', label, address };
}

/**
 * Replaces `{{name}}`, and keeps the inside of `{{#name}}…{{/name}}` only where the value is not empty.
 * @param escapeValue makes a value safe for the surrounding text
 * @throws Error if there is no such placeholder
 */
export function fill(text: string, values: Placeholders, escapeValue: (value: string) => string): string {
  const read = (name: string): string => {
    if (!Object.hasOwn(values, name)) {
      throw new Error(`has an unknown placeholder {{${name}}}; known are ${Object.keys(values).join(', ')}`);
    }
    return values[name] as string;
  };
  return text
    .replace(/\{\{#(\w+)\}\}(.*?)\{\{\/\1\}\}/gs, (_, name: string, inside: string) =>
      read(name) === '' ? '' : inside,
    )
    .replace(/\{\{(\w+)\}\}/g, (_, name: string) => escapeValue(read(name)));
}

/** Without line breaks and other control characters: a value never begins a new line or header. */
export const plain = (value: string): string => value.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');

export const escapeHtml = (value: string): string =>
  plain(value).replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);

export function textOf(blocks: MailBlock[], values: Placeholders): string {
  const parts = blocks.map((block) =>
    block.kind === 'text' ? block.text : `${block.label}:\n${block.address}`,
  );
  // Sections can leave a block empty.
  return `${parts
    .map((part) => fill(part, values, plain).trim())
    .filter(Boolean)
    .join('\n\n')}\n`;
}

/** Paragraphs, and buttons with their address below, for clients that do not show the button. */
export function htmlOf(blocks: MailBlock[], values: Placeholders): string {
  const filled = (text: string) => fill(escapeTemplate(text), values, escapeHtml);
  return blocks
    .map((block) => {
      if (block.kind === 'text') {
        const text = filled(block.text).trim().replaceAll('\n', '<br>');
        return text === '' ? '' : `<p>${text}</p>`;
      }
      const address = filled(block.address);
      return `<p class="action"><a class="button" href="${address}">${filled(block.label)}</a></p>\n<p class="address">${address}</p>`;
    })
    .filter(Boolean)
    .join('\n');
}

/** Text of a template is text in HTML too, except for its placeholders. */
const escapeTemplate = (text: string): string =>
  text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
