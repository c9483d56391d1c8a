import { actions, emphasize, field, type PageProblem, summary } from '../../oauth/pages/elements.js';
import { type Html, html } from '../../oauth/pages/html.js';
import type { Page } from '../../oauth/pages/layout.js';
import { STRENGTH_SCRIPT, strengthMeter } from './password-strength-script.js';
import type { AccountTexts } from './texts/texts.js';

/** What every form of these pages needs. */
export interface FormPage {
  /** Where the form is posted to. */
  action: string;
  problem: PageProblem | null;
  /** The start of the document's title where there is a problem. */
  problemTitle: string;
  /** Where the strength of a password is asked for. */
  strengthUrl: string;
}

const titled = (title: string, { problem, problemTitle }: FormPage) => ({
  title,
  ...(problem ? { documentTitle: `${problemTitle}: ${title}` } : {}),
});

const emailField = (texts: AccountTexts, email: string, problem: PageProblem | null): Html =>
  field(
    {
      name: 'email',
      label: texts.fields.email,
      attributes: html`type="email" value="${email}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="254"${(email === '' || problem?.field === 'email') && html` autofocus`}`,
    },
    problem,
  );

/** The field for a new password, the rules in words, and the strength of what is typed (`STRENGTH_SCRIPT`). */
export const newPasswordField = (
  { fields }: AccountTexts,
  { name, label, hasFocus = false }: { name: string; label: string; hasFocus?: boolean },
  { problem, strengthUrl }: Pick<FormPage, 'problem' | 'strengthUrl'>,
): Html => html`${field(
  {
    name,
    label,
    hint: fields.passwordHint,
    attributes: html`type="password" autocomplete="new-password"${(hasFocus || problem?.field === name) && html` autofocus`}`,
  },
  problem,
)}
${strengthMeter(strengthUrl)}`;

/** The field `website` is not shown: only programs fill it in. */
export function signUpPage(
  texts: AccountTexts,
  form: FormPage & { email: string; termsUrl: string | null },
): Page {
  const { signUp, fields } = texts;
  const { action, email, problem, termsUrl } = form;
  const [before = '', after = ''] = signUp.terms.split('{terms}');
  return {
    ...titled(signUp.title, form),
    script: STRENGTH_SCRIPT,
    body: html`<p class="lead">${signUp.lead}</p>
${summary(problem)}
<form method="post" action="${action}">
${emailField(texts, email, problem)}
${newPasswordField(texts, { name: 'password', label: fields.password }, form)}
<div hidden><label for="website">Website</label><input id="website" name="website" tabindex="-1" autocomplete="off"></div>
${termsUrl !== null && html`<p class="hint">${before}<a href="${termsUrl}" rel="noreferrer">${signUp.termsLink}</a>${after}</p>`}
${actions({ label: signUp.submit })}
</form>`,
  };
}

export function forgotPage(texts: AccountTexts, form: FormPage & { email: string }): Page {
  const { forgot } = texts;
  return {
    ...titled(forgot.title, form),
    body: html`<p class="lead">${forgot.lead}</p>
${summary(form.problem)}
<form method="post" action="${form.action}">
${emailField(texts, form.email, form.problem)}
${actions({ label: forgot.submit })}
</form>`,
  };
}

/** @param form.email of the account; password managers keep it with the new password */
export function resetPage(
  texts: AccountTexts,
  form: FormPage & { token: string; email: string; isInvitation: boolean },
): Page {
  const { reset, fields } = texts;
  const { action, token, email, isInvitation, problem } = form;
  return {
    ...titled(isInvitation ? reset.invitationTitle : reset.title, form),
    script: STRENGTH_SCRIPT,
    body: html`<p class="lead">${emphasize(reset.lead, { email })}</p>
${summary(problem)}
<form method="post" action="${action}">
<input type="hidden" name="token" value="${token}">
<input type="hidden" name="username" value="${email}" autocomplete="username">
${newPasswordField(texts, { name: 'new_password', label: isInvitation ? fields.password : fields.newPassword, hasFocus: true }, form)}
${actions({ label: reset.submit })}
</form>`,
  };
}

/** A page that asks before a link does something: programs that open links in mails must not. */
export const confirmPage = (
  { title, lead, submit }: { title: string; lead: string; submit: string },
  { action, token, email }: { action: string; token: string; email: string },
): Page => ({
  title,
  body: html`<p class="lead">${emphasize(lead, { email })}</p>
<form method="post" action="${action}">
<input type="hidden" name="token" value="${token}">
${actions({ label: submit })}
</form>`,
});
