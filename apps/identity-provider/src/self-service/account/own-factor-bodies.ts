import type { ListedFactor } from '../../factors/factor-rows.js';
import { MAX_CODE } from '../../factors/recovery-code.js';
import type { TotpEnrolment } from '../../factors/totp.js';
import { field, links, notice, type PageProblem, summary } from '../../oauth/pages/elements.js';
import { enrolmentPicture } from '../../oauth/pages/factor-bodies.js';
import { type Html, html } from '../../oauth/pages/html.js';
import { ICONS } from '../../oauth/pages/icons.js';
import type { Page } from '../../oauth/pages/layout.js';
import { REGISTRATION_SCRIPT } from '../../oauth/pages/passkey-registration-script.js';
import { fill } from '../../oauth/pages/texts/texts.js';
import { backLink, formPage, formToken, reauthentication, titled } from './account-form.js';
import { factorName } from './account-overview.js';
import type { AccountVisit } from './account-visit.js';

const MAX_NAME = 100;

const nameField = ({ texts: { totp } }: AccountVisit, name: string, problem: PageProblem | null): Html =>
  field(
    {
      name: 'name',
      label: totp.name,
      hint: totp.nameHint,
      attributes: html`value="${name}" maxlength="${MAX_NAME}" autocomplete="off" autofocus`,
    },
    problem,
  );

/** The name of an app or a passkey, before it is added. */
export function totpPage(visit: AccountVisit, name: string, problem: PageProblem | null): Page {
  const { totp } = visit.texts;
  const proof = reauthentication(visit, problem, false);
  return formPage(visit, {
    title: totp.title,
    lead: totp.lead,
    action: '/account/authenticator',
    fields: html`${nameField(visit, name, problem)}
${proof.field}`,
    submit: { label: totp.submit },
    problem,
    links: proof.links,
  });
}

/** @param id of the app that waits for its first code */
export function totpConfirmationPage(
  visit: AccountVisit,
  { id, ...enrolment }: Pick<TotpEnrolment, 'secret' | 'qrSvg'> & { id: string },
  problem: PageProblem | null,
): Page {
  const { texts, common } = visit;
  const { factor } = common;
  return formPage(visit, {
    title: texts.totp.title,
    lead: texts.totp.confirmLead,
    action: '/account/authenticator',
    fields: html`<input type="hidden" name="id" value="${id}">
${enrolmentPicture(common, enrolment)}
${field(
  {
    name: 'code',
    label: factor.code,
    attributes: html`class="code" inputmode="numeric" autocomplete="one-time-code" spellcheck="false" maxlength="${MAX_CODE}" autofocus`,
  },
  problem,
)}`,
    submit: { label: factor.submit },
    problem,
  });
}

/** The form is shown by its script, where the browser has passkeys. */
export function passkeyPage(visit: AccountVisit, name: string, problem: PageProblem | null): Page {
  const { texts, pathOf } = visit;
  const { passkey, problems } = texts;
  const proof = reauthentication(visit, problem, false);
  return {
    ...titled(visit, passkey.title, problem),
    script: REGISTRATION_SCRIPT,
    body: html`<p class="lead">${passkey.lead}</p>
${summary(problem)}
<div id="no-passkeys">${notice('warning', passkey.unsupported)}</div>
<form method="post" action="${pathOf('/account/passkey')}" hidden data-options="${pathOf('/account/passkey/options')}" data-failed="${problems.invalid_passkey}" data-taken="${problems.passkey_taken}">
${formToken(visit)}
<input type="hidden" name="credential" value="">
${nameField(visit, name, problem)}
${proof.field}
<p class="problem" id="passkey-problem" role="alert" hidden>${ICONS.error}<span></span></p>
<div class="actions"><button type="submit">${passkey.submit}</button></div>
</form>
${links(...proof.links, backLink(visit))}`,
  };
}

export function newCodesPage(visit: AccountVisit, problem: PageProblem | null): Page {
  const { codes } = visit.texts;
  const proof = reauthentication(visit, problem);
  return formPage(visit, {
    title: codes.title,
    lead: codes.lead,
    action: '/account/recovery-codes',
    fields: proof.field,
    submit: { label: codes.submit },
    problem,
    links: proof.links,
  });
}

/** @param isLast whether the account has no other second factor */
export function removalPage(
  visit: AccountVisit,
  factor: ListedFactor,
  { isLast, problem }: { isLast: boolean; problem: PageProblem | null },
): Page {
  const { removal } = visit.texts;
  const proof = reauthentication(visit, problem);
  return formPage(visit, {
    title: fill(removal.title, { name: factorName(visit, factor) }),
    lead: isLast ? removal.last : removal.lead,
    action: '/account/factor',
    fields: html`<input type="hidden" name="id" value="${factor.id}">
${proof.field}`,
    submit: { label: removal.submit, kind: 'danger' },
    problem,
    links: proof.links,
  });
}

/** The codes are shown once. */
export function ownCodesPage(visit: AccountVisit, codes: readonly string[]): Page {
  const { factor } = visit.common;
  const { href, text } = backLink(visit);
  return {
    title: factor.codesTitle,
    body: html`<p class="lead">${factor.codesLead}</p>
<ul class="codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
<div class="actions"><a class="button" href="${href}">${text}</a></div>`,
  };
}
