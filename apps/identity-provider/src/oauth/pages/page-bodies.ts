import { actions, emphasize, field, notice, type PageProblem, sign, summary } from './elements.js';
import { Html, html } from './html.js';
import { ICONS } from './icons.js';
import type { Page } from './layout.js';
import { PASSKEY_SCRIPT, passkeyForm } from './passkey-script.js';
import { fill, type Texts } from './texts/texts.js';

/** The form posts to the page's own address. @param selectable the account that the user can continue with */
export function signInPage(
  texts: Texts,
  {
    client,
    email,
    isAgain,
    selectable,
    problem,
  }: {
    client: string;
    email: string;
    isAgain: boolean;
    selectable: string | null;
    problem: PageProblem | null;
  },
): Page {
  const { signIn } = texts;
  const isPasswordFirst = email !== '' && problem?.field !== 'email';
  const title = selectable === null ? signIn.title : signIn.select;
  return {
    title,
    script: PASSKEY_SCRIPT,
    documentTitle: problem ? `${texts.problems.summary}: ${title}` : title,
    body: html`<p class="lead">${emphasize(isAgain && selectable === null ? signIn.again : signIn.lead, { client })}</p>
${
  selectable !== null &&
  html`<form method="post">
${actions({ label: fill(signIn.selected, { email: selectable }), name: 'answer', value: 'continue' })}
</form>
<p class="hint">${signIn.other}</p>`
}
${summary(problem)}
<form method="post">
${field(
  {
    name: 'email',
    label: signIn.email,
    attributes: html`type="email" value="${email}" autocomplete="username webauthn" autocapitalize="none" spellcheck="false" maxlength="254"${!isPasswordFirst && html` autofocus`}`,
  },
  problem,
)}
${field(
  {
    name: 'password',
    label: signIn.password,
    attributes: html`type="password" autocomplete="current-password"${problem?.field === null && html` aria-describedby="problem"`}${isPasswordFirst && html` autofocus`}`,
  },
  problem,
)}
${actions({ label: signIn.submit })}
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
    body: html`<p class="lead">${emphasize(consent.lead, { client })}</p>
<ul class="checks">
${[...known.map(([, text]) => text), consent.api].map((text) => html`<li>${ICONS.check}<span>${text}</span></li>`)}
</ul>
<p class="hint">${emphasize(consent.signedInAs, { email })}</p>
<form method="post">
${actions(
  { label: consent.allow, name: 'answer', value: 'allow' },
  { label: consent.deny, name: 'answer', value: 'deny', kind: 'plain' },
)}
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
${summary(problem)}
<form method="post" action="${action}">
<input type="hidden" name="xsrf" value="${token}">
${field(
  {
    name: 'user_code',
    label: device.code,
    attributes: html`class="code" value="${code}" placeholder="XXXX-XXXX" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="32" autofocus`,
  },
  problem,
)}
${actions({ label: device.submit })}
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
    body: html`<p class="lead">${emphasize(device.confirmLead, { client })}</p>
<p class="compare">${device.compare}</p>
<p class="user-code">${code}</p>
<p class="hint">${fill(device.address, { address })}${program !== '' && html` ${fill(device.program, { program })}`}</p>
${notice('warning', device.warning)}
<form method="post" action="${action}">
<input type="hidden" name="xsrf" value="${token}">
<input type="hidden" name="user_code" value="${code}">
${actions(
  { label: device.confirm, name: 'confirm', value: 'yes' },
  { label: device.deny, name: 'abort', value: 'yes', kind: 'plain' },
)}
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
${actions({ label: signOut.submit })}
</form>
<script>${new Html(SUBMIT_SCRIPT)}</script>`
    : html`${actions({ label: signOut.submit, name: 'logout', value: 'yes' }, { label: signOut.stay, kind: 'plain' })}
</form>`
}`,
  };
}

/** @param form oidc-provider's HTML: a form that submits itself where scripts run, without its button and its end */
export function submittingPage({ continue: own }: Texts, form: string): Page {
  return {
    title: own.title,
    body: html`${new Html(form)}${actions({ label: own.link })}
</form>
<script>${new Html(SUBMIT_SCRIPT)}</script>`,
  };
}

/** A page that says how something ended. */
export const messagePage = (kind: 'success' | 'info', title: string, text: string | Html): Page => ({
  title,
  sign: sign(kind),
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
    sign: sign('error'),
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
