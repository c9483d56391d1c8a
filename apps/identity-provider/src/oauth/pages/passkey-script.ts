import { type Html, html } from './html.js';
import { pageScript } from './page-script.js';

/** Signs in with a passkey. It shows the form only where passkeys work. */
export const PASSKEY_SCRIPT = pageScript(
  '/oauth/passkeys.js',
  `const form = document.querySelector('form[data-passkey]');
if (form && globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  form.hidden = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const problem = form.querySelector('.problem');
    problem.hidden = true;
    try {
      const answer = await fetch(location.pathname + '/passkey-options', { method: 'POST' });
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await answer.json());
      const credential = await navigator.credentials.get({ publicKey });
      form.elements.credential.value = JSON.stringify(credential.toJSON());
      const trust = document.querySelector('#trust');
      if (trust?.checked) form.elements.trust.value = 'yes';
      form.submit();
    } catch {
      problem.hidden = false;
    }
  });
}
`,
);

/** The script asks for the options when they are needed, so that the page has nothing random in it. */
export const passkeyForm = (texts: { button: string; problem: string }): Html =>
  html`<form method="post" data-passkey hidden>
<input type="hidden" name="credential" value="">
<input type="hidden" name="trust" value="">
<p class="problem" role="alert" hidden>${texts.problem}</p>
<div class="actions"><button type="submit" class="plain">${texts.button}</button></div>
</form>`;
