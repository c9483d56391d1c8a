import { isRecentSignIn } from '../../auth/current-password.js';
import { ACCOUNT_PAGE } from '../../oauth/clients/account-client.js';
import {
  actions,
  type Button,
  emphasize,
  field,
  links,
  type PageProblem,
  summary,
} from '../../oauth/pages/elements.js';
import { type Html, html } from '../../oauth/pages/html.js';
import type { Page } from '../../oauth/pages/layout.js';
import { accountTextsFor } from '../pages/account-texts.js';
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

export function namePage(
  visit: AccountVisit,
  { first, last }: { first: string; last: string },
  problem: PageProblem | null,
): Page {
  const { name } = visit.texts;
  const nameField = (id: string, label: string, value: string, attributes: Html): Html =>
    field(
      { name: id, label, isOptional: true, attributes: html`value="${value}" maxlength="255" ${attributes}` },
      problem,
    );
  return formPage(visit, {
    title: name.title,
    lead: name.lead,
    action: '/account/name',
    fields: html`${nameField('first_name', name.first, first, html`autocomplete="given-name" autofocus`)}
${nameField('last_name', name.last, last, html`autocomplete="family-name"`)}`,
    submit: { label: name.submit },
    problem,
  });
}

export function emailPage(visit: AccountVisit, email: string, problem: PageProblem | null): Page {
  const { email: texts } = visit.texts;
  return formPage(visit, {
    title: texts.title,
    lead: emphasize(texts.lead, { email: visit.account.email }),
    action: '/account/email',
    fields: html`${field(
      {
        name: 'email',
        label: texts.address,
        attributes: html`type="email" value="${email}" autocomplete="email" autocapitalize="none" spellcheck="false" maxlength="254" autofocus`,
      },
      problem,
    )}
${currentPassword(visit, problem, { hasFocus: false })}`,
    submit: { label: texts.submit },
    problem,
  });
}

/** @param canReset whether a forgotten password can be reset by mail */
export function passwordPage(visit: AccountVisit, canReset: boolean, problem: PageProblem | null): Page {
  const { texts, common, account, pathOf } = visit;
  const { fields, links: linkTexts } = accountTextsFor(common);
  return formPage(visit, {
    title: texts.password.title,
    lead: texts.password.lead,
    action: '/account/password',
    fields: html`<input type="hidden" name="username" value="${account.email}" autocomplete="username">
${currentPassword(visit, problem)}
${field(
  {
    name: 'new_password',
    label: fields.newPassword,
    hint: fields.passwordHint,
    attributes: html`type="password" autocomplete="new-password"`,
  },
  problem,
)}`,
    submit: { label: texts.password.submit },
    problem,
    links: canReset ? [{ href: pathOf('/forgot-password'), text: linkTexts.forgot }] : [],
  });
}
