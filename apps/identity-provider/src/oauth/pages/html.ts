/** Text that is HTML already. */
export class Html {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

type Value = Html | string | number | null | false | undefined | readonly Html[];

/** Makes HTML from a template: every value is escaped, except HTML itself. Null, undefined and false give nothing. */
export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  const texts = values.map((value, index) => render(value) + (parts[index + 1] as string));
  return new Html(parts[0] + texts.join(''));
}

function render(value: Value): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(render).join('');
  return escapeHtml(String(value));
}

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
