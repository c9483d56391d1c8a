import { pageScript } from './page-script.js';

/**
 * Adds a passkey. It shows the form only where passkeys can be added. Where the sign-in is no longer recent, it opens the page
 * again, which then asks for the password. While one passkey is being added, the button does nothing: newer options void older
 * ones.
 */
export const REGISTRATION_SCRIPT = pageScript(
  '/oauth/passkey-registration.js',
  `const form = document.querySelector('form[data-options]');
if (form && globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON) {
  const problem = document.querySelector('#passkey-problem');
  let isBusy = false;
  form.hidden = false;
  document.querySelector('#no-passkeys')?.setAttribute('hidden', '');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    problem.hidden = true;
    const show = (text) => {
      problem.lastElementChild.textContent = text;
      problem.hidden = false;
      isBusy = false;
    };
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(form.dataset.options, { method: 'POST', body });
      const { options, problem: refusal } = await answer.json();
      // Not reload(), which would send the form again where the page is the answer to one.
      if (answer.status === 401 || answer.status === 403) return location.assign(location.pathname);
      if (refusal) return show(refusal);
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
      const credential = await navigator.credentials.create({ publicKey });
      form.elements.credential.value = JSON.stringify(credential.toJSON());
      form.submit();
    } catch (error) {
      show(error.name === 'InvalidStateError' ? form.dataset.taken : form.dataset.failed);
    }
  });
  // The browser may show the page again as it was left.
  addEventListener('pageshow', (event) => {
    if (event.persisted) isBusy = false;
  });
}
`,
);
