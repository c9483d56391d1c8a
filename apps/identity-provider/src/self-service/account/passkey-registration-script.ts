import { pageScript } from '../../oauth/pages/page-script.js';

/**
 * Adds a passkey. It shows the form only where passkeys can be added. Where the sign-in is no longer recent, it loads the page
 * again, which then asks for the password.
 */
export const REGISTRATION_SCRIPT = pageScript(
  '/account/passkey.js',
  `const form = document.querySelector('form[data-options]');
if (form && globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON) {
  const problem = document.querySelector('#passkey-problem');
  form.hidden = false;
  document.querySelector('#no-passkeys')?.setAttribute('hidden', '');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    problem.hidden = true;
    const show = (text) => {
      problem.lastElementChild.textContent = text;
      problem.hidden = false;
    };
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(form.dataset.options, { method: 'POST', body });
      const { options, problem: refusal } = await answer.json();
      if (answer.status === 401 || answer.status === 403) return location.reload();
      if (refusal) return show(refusal);
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
      const credential = await navigator.credentials.create({ publicKey });
      form.elements.credential.value = JSON.stringify(credential.toJSON());
      form.submit();
    } catch (error) {
      show(error.name === 'InvalidStateError' ? form.dataset.taken : form.dataset.failed);
    }
  });
}
`,
);
