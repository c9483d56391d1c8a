import { emphasize, field, type PageProblem } from '../../oauth/pages/elements.js';
import { type Html, html } from '../../oauth/pages/html.js';
import type { Page } from '../../oauth/pages/layout.js';
import { newPasswordField } from '../pages/account-page-bodies.js';
import { accountTextsFor } from '../pages/account-texts.js';
import { STRENGTH_PATH, STRENGTH_SCRIPT } from '../pages/password-strength-script.js';
import { currentPassword, formPage } from './account-form.js';
import type { AccountVisit } from './account-visit.js';

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
  const own = accountTextsFor(common);
  const page = formPage(visit, {
    title: texts.password.title,
    lead: texts.password.lead,
    action: '/account/password',
    fields: html`<input type="hidden" name="username" value="${account.email}" autocomplete="username">
${currentPassword(visit, problem)}
${newPasswordField(own, { name: 'new_password', label: own.fields.newPassword }, { problem, strengthUrl: pathOf(STRENGTH_PATH) })}`,
    submit: { label: texts.password.submit },
    problem,
    links: canReset ? [{ href: pathOf('/forgot-password'), text: own.links.forgot }] : [],
  });
  return { ...page, script: STRENGTH_SCRIPT };
}
