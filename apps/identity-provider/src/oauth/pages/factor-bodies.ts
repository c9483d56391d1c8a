import { MAX_CODE } from '../../factors/recovery-code.js';
import type { TotpEnrolment } from '../../factors/totp.js';
import { type Html, html } from './html.js';
import { ICONS } from './icons.js';
import type { Page } from './layout.js';
import { REGISTRATION_SCRIPT } from './passkey-registration-script.js';
import { PASSKEY_SCRIPT, passkeyForm } from './passkey-script.js';
import type { Texts } from './texts/texts.js';

const codeField = (texts: Texts, problem: string | null): Html => html`<div class="field">
<label for="code">${texts.factor.code}</label>
<input id="code" name="code" class="code" required autocomplete="one-time-code" autocapitalize="characters" spellcheck="false" maxlength="${MAX_CODE}" autofocus${problem !== null && html` aria-invalid="true" aria-describedby="code-problem"`}>
${problem !== null && html`<p class="problem" id="code-problem">${ICONS.error}<span>${problem}</span></p>`}
</div>`;

const restartForm = (texts: Texts): Html => html`<form method="post">
<div class="actions"><button type="submit" name="restart" value="yes" class="plain">${texts.factor.restart}</button></div>
</form>`;

const titleOf = (texts: Texts, title: string, problem: string | null): string =>
  problem === null ? title : `${texts.problems.summary}: ${title}`;

/** Asks for a second factor after the password. */
export function codePage(
  texts: Texts,
  { problem, hasPasskeys, canTrust }: { problem: string | null; hasPasskeys: boolean; canTrust: boolean },
): Page {
  const { factor } = texts;
  return {
    title: factor.title,
    documentTitle: titleOf(texts, factor.title, problem),
    ...(hasPasskeys ? { script: PASSKEY_SCRIPT } : {}),
    body: html`<p class="lead">${hasPasskeys ? factor.leadPasskey : factor.lead}</p>
<form method="post">
${codeField(texts, problem)}
${canTrust && html`<p class="check"><input type="checkbox" id="trust" name="trust" value="yes"> <label for="trust">${factor.trust}</label></p>`}
<div class="actions"><button type="submit">${factor.submit}</button></div>
</form>
${hasPasskeys && passkeyForm({ button: factor.passkey, problem: texts.problems.passkey })}
${restartForm(texts)}`,
  };
}

/** The picture that an authenticator app scans, and its key. */
export function enrolmentPicture(
  { factor }: Texts,
  { secret, qrSvg }: Pick<TotpEnrolment, 'secret' | 'qrSvg'>,
): Html {
  const picture = `data:image/svg+xml;base64,${Buffer.from(qrSvg).toString('base64')}`;
  return html`<p><img class="qr" src="${picture}" alt="${factor.setupPicture}"></p>
<p class="hint">${factor.setupSecret}</p>
<p><code>${secret.match(/.{1,4}/g)?.join(' ')}</code></p>`;
}

/**
 * Leads through adding an authenticator app, or a passkey where the browser has them.
 * @param uid of the sign-in in progress @param problem with the code, or with the passkey
 */
export function setupPage(
  texts: Texts,
  { uid, ...enrolment }: Pick<TotpEnrolment, 'secret' | 'qrSvg'> & { uid: string },
  problem: SetupProblem | null,
): Page {
  const { factor, problems } = texts;
  const codeProblem = problem === 'code' ? problems.code : null;
  return {
    title: factor.setupTitle,
    documentTitle: titleOf(texts, factor.setupTitle, problem),
    script: REGISTRATION_SCRIPT,
    body: html`<p class="lead">${factor.setupLead}</p>
${enrolmentPicture(texts, enrolment)}
<form method="post">
${codeField(texts, codeProblem)}
<div class="actions"><button type="submit">${factor.submit}</button></div>
</form>
<form method="post" hidden data-options="${uid}/passkey-options" data-failed="${problems.passkeyNotAdded}" data-taken="${problems.passkeyNotAdded}">
<input type="hidden" name="credential" value="">
<p class="or">${factor.or}</p>
<p class="problem" id="passkey-problem" role="alert"${problem !== 'passkey' && html` hidden`}>${ICONS.error}<span>${problems.passkeyNotAdded}</span></p>
<div class="actions"><button type="submit" class="plain">${factor.setupPasskey}</button></div>
</form>
${restartForm(texts)}`,
  };
}

/** What was wrong with the form of the page. */
export type SetupProblem = 'code' | 'passkey';

/** @param codes null where the page is shown again: the codes are not stored */
export function recoveryCodesPage(texts: Texts, codes: readonly string[] | null): Page {
  const { factor } = texts;
  return {
    title: factor.codesTitle,
    body: html`<p class="lead">${codes === null ? factor.codesGone : factor.codesLead}</p>
${codes !== null && html`<ul class="codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>`}
<form method="post">
<div class="actions"><button type="submit" name="continue" value="yes">${factor.codesContinue}</button></div>
</form>`,
  };
}
