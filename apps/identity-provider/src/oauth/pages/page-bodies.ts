import { Html, html } from './html.js';
import type { Page } from './layout.js';
import { passkeyForm } from './passkey-script.js';
import { fill, type Texts } from './texts/texts.js';

/** A problem beside a field, or above the form where `field` is null. */
export interface PageProblem {
  field: 'email' | 'password' | 'user_code' | null;
  message: string;
}

interface Field {
  name: 'email' | 'password' | 'user_code';
  label: string;
  /** More attributes, in HTML. */
  attributes: Html;
}

/** A label, an input and its problem, which screen readers read with it (WCAG 2.2, 3.3.1). */
function fieldOf({ name, label, attributes }: Field, problem: PageProblem | null): Html {
  const isAtFault = problem?.field === name;
  return html`<div class="field">
<label for="${name}">${label}</label>
<input id="${name}" name="${name}" required ${attributes}${isAtFault && html` aria-invalid="true" aria-describedby="${name}-problem"`}>
${isAtFault && html`<p class="problem" id="${name}-problem">${problem.message}</p>`}
</div>`;
}

const summaryOf = (problem: PageProblem | null): Html | false =>
  problem !== null &&
  problem.field === null &&
  html`<p class="problem summary" role="alert">${problem.message}</p>`;

/** The forms post to the page's own address. */
export function signInPage(
  texts: Texts,
  {
    client,
    email,
    isAgain,
    problem,
  }: { client: string; email: string; isAgain: boolean; problem: PageProblem | null },
): Page {
  const { signIn } = texts;
  const isPasswordFirst = email !== '' && problem?.field !== 'email';
  return {
    title: signIn.title,
    hasScript: true,
    documentTitle: problem ? `${texts.problems.summary}: ${signIn.title}` : signIn.title,
    body: html`<p class="lead">${fill(isAgain ? signIn.again : signIn.lead, { client })}</p>
${summaryOf(problem)}
<form method="post">
${fieldOf(
  {
    name: 'email',
    label: signIn.email,
    attributes: html`type="email" value="${email}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="254"${!isPasswordFirst && html` autofocus`}`,
  },
  problem,
)}
${fieldOf(
  {
    name: 'password',
    label: signIn.password,
    attributes: html`type="password" autocomplete="current-password"${isPasswordFirst && html` autofocus`}`,
  },
  problem,
)}
<div class="actions"><button type="submit">${signIn.submit}</button></div>
</form>
${passkeyForm({ button: signIn.passkey, problem: texts.problems.passkey })}`,
  };
}

export function consentPage(
  texts: Texts,
  { client, email, scopes }: { client: string; email: string; scopes: readonly string[] },
): Page {
  const { consent } = texts;
  const known = Object.entries(consent.scopes).filter(([scope]) => scopes.includes(scope));
  return {
    title: consent.title,
    body: html`<p class="lead">${fill(consent.lead, { client })}</p>
<ul>
${known.map(([, text]) => html`<li>${text}</li>`)}
<li>${consent.api}</li>
</ul>
<p class="hint">${fill(consent.signedInAs, { email })}</p>
<form method="post">
<div class="actions">
<button type="submit" name="answer" value="allow">${consent.allow}</button>
<button type="submit" name="answer" value="deny" class="plain">${consent.deny}</button>
</div>
</form>`,
  };
}

/** @param token protects the form from posts of other sites */
export function userCodePage(
  texts: Texts,
  {
    action,
    token,
    code,
    problem,
  }: { action: string; token: string; code: string; problem: PageProblem | null },
): Page {
  const { device } = texts;
  return {
    title: device.title,
    body: html`<p class="lead">${device.lead}</p>
${summaryOf(problem)}
<form method="post" action="${action}">
<input type="hidden" name="xsrf" value="${token}">
${fieldOf(
  {
    name: 'user_code',
    label: device.code,
    attributes: html`class="code" value="${code}" placeholder="XXXX-XXXX" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="32" autofocus`,
  },
  problem,
)}
<div class="actions"><button type="submit">${device.submit}</button></div>
</form>`,
  };
}

export function deviceConfirmationPage(
  texts: Texts,
  request: { action: string; token: string; client: string; code: string; address: string; program: string },
): Page {
  const { device } = texts;
  const { action, token, client, code, address, program } = request;
  return {
    title: device.confirmTitle,
    body: html`<p class="lead">${fill(device.confirmLead, { client })}</p>
<p>${device.compare}</p>
<p class="user-code">${code}</p>
<p class="hint">${fill(device.address, { address })}${program !== '' && html` ${fill(device.program, { program })}`}</p>
<p class="note">${device.warning}</p>
<form method="post" action="${action}">
<input type="hidden" name="xsrf" value="${token}">
<input type="hidden" name="user_code" value="${code}">
<div class="actions">
<button type="submit" name="confirm" value="yes">${device.confirm}</button>
<button type="submit" name="abort" value="yes" class="plain">${device.deny}</button>
</div>
</form>`,
  };
}

/** Submits the form of a page by itself, where scripts run. The page's policy allows its hash. */
export const SUBMIT_SCRIPT = 'document.forms[0].submit()';

/** @param isAsked the application has proved who signs out: the user need not confirm it where scripts run */
export function signOutPage(
  texts: Texts,
  { action, token, isAsked }: { action: string; token: string; isAsked: boolean },
): Page {
  const { signOut } = texts;
  return {
    title: signOut.title,
    body: html`<p class="lead">${signOut.lead}</p>
<form method="post" action="${action}">
<input type="hidden" name="xsrf" value="${token}">
${
  isAsked
    ? html`<input type="hidden" name="logout" value="yes">
<div class="actions"><button type="submit">${signOut.submit}</button></div>
</form>
<script>${new Html(SUBMIT_SCRIPT)}</script>`
    : html`<div class="actions">
<button type="submit" name="logout" value="yes">${signOut.submit}</button>
<button type="submit" class="plain">${signOut.stay}</button>
</div>
</form>`
}`,
  };
}

/** A page with a title and a text. */
export const messagePage = (title: string, text: string): Page => ({
  title,
  body: html`<p class="lead">${text}</p>`,
});

/** @param error `error` and `error_description` of OAuth, which are for developers and in English */
export function errorPage(
  texts: Texts,
  error: { code: string; description: string; isExpired: boolean },
): Page {
  const { error: own } = texts;
  return {
    title: error.isExpired ? own.expiredTitle : own.title,
    body: html`<p class="lead">${error.isExpired ? own.expired : own.lead}</p>
<details>
<summary>${own.details}</summary>
<p lang="en"><code>${error.code}</code>${error.description !== '' && html`: ${error.description}`}</p>
</details>`,
  };
}

/**
 * Leads the browser on after a form was posted. Not a redirect: `form-action` judges the whole chain of redirects that
 * follows a post, and where that ends only the client knows.
 */
export function continuePage(texts: Texts, url: string): Page {
  const { continue: own } = texts;
  return {
    title: own.title,
    head: html`
<meta http-equiv="refresh" content="0;url=${url}">`,
    body: html`<p class="lead">${own.lead}</p>
<div class="actions"><a class="button" href="${url}">${own.link}</a></div>`,
  };
}
