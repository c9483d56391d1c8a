import type { TotpEnrolment } from '../../factors/totp.js';
import { type Html, html } from './html.js';
import type { Page } from './layout.js';
import { PASSKEY_SCRIPT, passkeyForm } from './passkey-script.js';
import type { Texts } from './texts/texts.js';

const codeField = (texts: Texts, problem: string | null): Html => html`<div class="field">
<label for="code">${texts.factor.code}</label>
<input id="code" name="code" class="code" required autocomplete="one-time-code" autocapitalize="characters" spellcheck="false" maxlength="64" autofocus${problem !== null && html` aria-invalid="true" aria-describedby="code-problem"`}>
${problem !== null && html`<p class="problem" id="code-problem">${problem}</p>`}
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
    body: html`<p class="lead">${factor.lead}</p>
<form method="post">
${codeField(texts, problem)}
${canTrust && html`<p class="check"><input type="checkbox" id="trust" name="trust" value="yes"> <label for="trust">${factor.trust}</label></p>`}
<div class="actions"><button type="submit">${factor.submit}</button></div>
</form>
${hasPasskeys && passkeyForm({ button: factor.passkey, problem: texts.problems.passkey })}
${restartForm(texts)}`,
  };
}

/** Leads through adding an authenticator app. */
export function setupPage(
  texts: Texts,
  { secret, qrSvg }: Pick<TotpEnrolment, 'secret' | 'qrSvg'>,
  problem: string | null,
): Page {
  const { factor } = texts;
  const picture = `data:image/svg+xml;base64,${Buffer.from(qrSvg).toString('base64')}`;
  return {
    title: factor.setupTitle,
    documentTitle: titleOf(texts, factor.setupTitle, problem),
    body: html`<p class="lead">${factor.setupLead}</p>
<p><img class="qr" src="${picture}" alt="${factor.setupPicture}"></p>
<p class="hint">${factor.setupSecret}</p>
<p><code>${secret.match(/.{1,4}/g)?.join(' ')}</code></p>
<form method="post">
${codeField(texts, problem)}
<div class="actions"><button type="submit">${factor.submit}</button></div>
</form>
${restartForm(texts)}`,
  };
}

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
