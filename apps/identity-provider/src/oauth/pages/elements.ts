import { type Html, html } from './html.js';

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
}

/** A label, an input, its hint and its problem, which screen readers read with it (WCAG 2.2, 3.3.1). */
export function field({ name, label, attributes, hint }: Field, problem: PageProblem | null): Html {
  const isAtFault = problem?.field === name;
  const described = [hint && `${name}-hint`, isAtFault && `${name}-problem`].filter(Boolean).join(' ');
  return html`<div class="field">
<label for="${name}">${label}</label>
<input id="${name}" name="${name}" required ${attributes}${isAtFault && html` aria-invalid="true"`}${described !== '' && html` aria-describedby="${described}"`}>
${hint !== undefined && html`<p class="hint" id="${name}-hint">${hint}</p>`}
${isAtFault && html`<p class="problem" id="${name}-problem">${problem.message}</p>`}
</div>`;
}

/** The problem of the whole form, read out when the page opens. */
export const summary = (problem: PageProblem | null): Html | false =>
  problem !== null &&
  problem.field === null &&
  html`<p class="problem summary" role="alert">${problem.message}</p>`;

export interface Button {
  label: string;
}

/** The buttons of a form. */
export const actions = (...buttons: Button[]): Html => html`<div class="actions">
${buttons.map(
  ({ label }) => html`<button type="submit">${label}</button>
`,
)}</div>`;

/** The links below a form. */
export const links = (...each: { href: string; text: string }[]): Html =>
  html`<p class="links">${each.map(({ href, text }) => html`<a href="${href}">${text}</a> `)}</p>`;
