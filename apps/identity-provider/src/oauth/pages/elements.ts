import { type Html, html } from './html.js';
import { ICONS } from './icons.js';

/** A problem beside the field of that name, or above the form where `field` is null. */
export interface PageProblem {
  field: string | null;
  message: string;
}

export interface Field {
  /** Of the form's value; also the input's id. */
  name: string;
  label: string;
  /** More attributes, in HTML. */
  attributes: Html;
  hint?: string;
  /** Whether it can be left empty. */
  isOptional?: boolean;
}

/** The id of the notice above a form. */
const SUMMARY = 'problem';

/** A label, an input, its hint and its problem, which screen readers read with it (WCAG 2.2, 3.3.1). */
export function field(
  { name, label, attributes, hint, isOptional = false }: Field,
  problem: PageProblem | null,
): Html {
  const isAtFault = problem?.field === name;
  const described = [hint && `${name}-hint`, isAtFault && `${name}-problem`].filter(Boolean).join(' ');
  return html`<div class="field">
<label for="${name}">${label}</label>
<input id="${name}" name="${name}"${!isOptional && html` required`} ${attributes}${isAtFault && html` aria-invalid="true"`}${described !== '' && html` aria-describedby="${described}"`}>
${hint !== undefined && html`<p class="hint" id="${name}-hint">${hint}</p>`}
${isAtFault && html`<p class="problem" id="${name}-problem">${ICONS.error}<span>${problem.message}</span></p>`}
</div>`;
}

export type NoticeKind = 'info' | 'success' | 'warning' | 'error';

export const notice = (kind: NoticeKind, text: string | Html): Html =>
  html`<p class="notice ${kind}">${ICONS[kind]}<span>${text}</span></p>`;

/** The problem of the whole form, read out when the page opens. */
export const summary = (problem: PageProblem | null): Html | false =>
  problem !== null &&
  problem.field === null &&
  html`<p class="notice error" id="${SUMMARY}" role="alert">${ICONS.error}<span>${problem.message}</span></p>`;

export interface Button {
  label: string;
  name?: string;
  value?: string;
  /** The first button of a form is `primary`. */
  kind?: 'primary' | 'plain' | 'danger';
}

/** The buttons of a form, in one row where there is room. */
export const actions = (...buttons: Button[]): Html => html`<div class="actions">
${buttons.map(
  ({ label, name, value = '', kind = 'primary' }) =>
    html`<button type="submit"${name !== undefined && html` name="${name}" value="${value}"`}${kind !== 'primary' && html` class="${kind}"`}>${label}</button>
`,
)}</div>`;

/** The links below a form. */
export const links = (...each: { href: string; text: string }[]): Html =>
  html`<p class="links">${each.map(({ href, text }) => html`<a href="${href}">${text}</a>`)}</p>`;

/** A sign above the title: how something ended. */
export const sign = (kind: 'success' | 'info' | 'error'): Html =>
  html`<div class="sign ${kind}">${kind === 'success' ? ICONS.check : ICONS[kind]}</div>`;

/** A text with its `{name}`s replaced, in bold. */
export const emphasize = (text: string, values: Record<string, string>): Html =>
  html`${text.split(/(\{\w+\})/).map((part) => {
    const value = /^\{(\w+)\}$/.exec(part)?.[1];
    return value !== undefined && values[value] !== undefined
      ? html`<strong>${values[value]}</strong>`
      : html`${part}`;
  })}`;
