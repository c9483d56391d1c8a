import { isRecentSignIn } from '../../auth/current-password.js';
import { ACCOUNT_PAGE } from '../../oauth/clients/account-client.js';
import { actions, type Button, field, links, type PageProblem, summary } from '../../oauth/pages/elements.js';
import { type Html, html } from '../../oauth/pages/html.js';
import type { Page } from '../../oauth/pages/layout.js';
import type { AccountVisit } from './account-visit.js';

/** A page with one form. */
export interface AccountForm {
  title: string;
  lead: string | Html;
  /** The page that the form is sent to, such as `/account/name`. */
  action: string;
  fields: Html | null;
  submit: Button;
  problem: PageProblem | null;
  /** More links below the form. */
  links?: { href: string; text: string }[];
}

export const formToken = ({ formToken: token }: AccountVisit): Html =>
  html`<input type="hidden" name="form_token" value="${token}">`;

export const titled = ({ common }: AccountVisit, title: string, problem: PageProblem | null) => ({
  title,
  ...(problem ? { documentTitle: `${common.problems.summary}: ${title}` } : {}),
});

export const backLink = ({ texts, pathOf }: AccountVisit) => ({
  href: pathOf(ACCOUNT_PAGE),
  text: texts.back,
});

export function formPage(visit: AccountVisit, form: AccountForm): Page {
  const { title, lead, action, fields, submit, problem } = form;
  return {
    ...titled(visit, title, problem),
    body: html`<p class="lead">${lead}</p>
${summary(problem)}
<form method="post" action="${visit.pathOf(action)}">
${formToken(visit)}
${fields}
${actions(submit)}
</form>
${links(...(form.links ?? []), backLink(visit))}`,
  };
}

/** Whether the page asks for the current password, so that a stolen sign-in alone is not enough. */
export const asksPassword = ({ account }: AccountVisit, problem: PageProblem | null): boolean =>
  !isRecentSignIn(account) || problem?.field === 'current_password';

export const currentPassword = (
  { texts: { current } }: AccountVisit,
  problem: PageProblem | null,
  { hasFocus = true, hint }: { hasFocus?: boolean; hint?: string } = {},
): Html =>
  field(
    {
      name: 'current_password',
      label: current.label,
      ...(hint === undefined ? {} : { hint }),
      attributes: html`type="password" autocomplete="current-password"${hasFocus && html` autofocus`}`,
    },
    problem,
  );

/** The field for the current password where it is asked for, and the way without one. */
export function reauthentication(visit: AccountVisit, problem: PageProblem | null, hasFocus = true) {
  if (!asksPassword(visit, problem)) return { field: null, links: [] };
  const { current } = visit.texts;
  return {
    field: currentPassword(visit, problem, { hasFocus, hint: current.hint }),
    links: [{ href: visit.pathOf('/account/sign-in'), text: current.signInAgain }],
  };
}
