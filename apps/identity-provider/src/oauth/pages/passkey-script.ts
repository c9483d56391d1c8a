import { type Html, html } from './html.js';
import { ICONS } from './icons.js';
import { pageScript } from './page-script.js';

/**
 * Signs in with a passkey. It shows the form only where passkeys work. Until its button is used, the browser offers passkeys
 * among the suggestions of a field with `autocomplete="… webauthn"` (WebAuthn level 3, conditional mediation). While the button's
 * request runs, it does nothing: newer options void older ones.
 */
export const PASSKEY_SCRIPT = pageScript(
  '/oauth/passkeys.js',
  `const form = document.querySelector('form[data-passkey]');
if (form && globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  form.hidden = false;
  const problem = form.querySelector('.problem');
  let suggestion = new AbortController();
  let asked = Promise.resolve();
  let isBusy = false;
  // One after the other.
  const options = () => {
    asked = asked.catch(() => {}).then(async () => {
      const answer = await fetch(location.pathname + '/passkey-options', { method: 'POST' });
      return PublicKeyCredential.parseRequestOptionsFromJSON(await answer.json());
    });
    return asked;
  };
  const signIn = async (more) => {
    const credential = await navigator.credentials.get({ publicKey: await options(), ...more });
    isBusy = true;
    form.elements.credential.value = JSON.stringify(credential.toJSON());
    const trust = document.querySelector('#trust');
    if (trust?.checked) form.elements.trust.value = 'yes';
    form.submit();
  };
  const suggest = async () => {
    if (!document.querySelector('[autocomplete~="webauthn"]')) return;
    const isAvailable = await PublicKeyCredential.isConditionalMediationAvailable?.();
    if (!isAvailable || isBusy) return;
    suggestion = new AbortController();
    await signIn({ mediation: 'conditional', signal: suggestion.signal });
  };
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    problem.hidden = true;
    suggestion.abort();
    try {
      await signIn({});
    } catch {
      isBusy = false;
      problem.hidden = false;
      suggest().catch(() => {});
    }
  });
  // The browser may show the page again as it was left.
  addEventListener('pageshow', (event) => {
    if (event.persisted) isBusy = false;
  });
  // Without suggestions there is still the button.
  suggest().catch(() => {});
}
`,
);

/** The script asks for the options when they are needed, so that the page has nothing random in it. */
export const passkeyForm = (texts: { button: string; problem: string }): Html =>
  html`<form method="post" data-passkey hidden>
<input type="hidden" name="credential" value="">
<input type="hidden" name="trust" value="">
<p class="problem" role="alert" hidden>${ICONS.error}<span>${texts.problem}</span></p>
<div class="actions"><button type="submit" class="plain">${texts.button}</button></div>
</form>`;
