import { type Html, html } from '../../oauth/pages/html.js';
import { pageScript } from '../../oauth/pages/page-script.js';

export const STRENGTH_PATH = '/password-strength';

/**
 * Shows the strength of the new password while it is typed. The server judges it: it has the rules, and the lists of common
 * and of stolen passwords. Without the script, the rules stand below the field in words.
 */
export const STRENGTH_SCRIPT = pageScript(
  '/password-strength.js',
  `const input = document.querySelector('input[autocomplete="new-password"]');
const output = document.querySelector('#strength');
const [meter, text] = output.children;
let waiting;
let asked = 0;
const show = async () => {
  const question = ++asked;
  const { email, username } = input.form.elements;
  const body = new URLSearchParams({ password: input.value, email: (email ?? username)?.value ?? '' });
  const answer = input.value && (await fetch(output.dataset.url, { method: 'POST', body }).catch(() => null));
  const strength = answer?.ok ? await answer.json() : null;
  if (question !== asked) return;
  output.hidden = strength === null;
  if (strength === null) return;
  meter.value = strength.level;
  text.textContent = strength.text;
};
input.addEventListener('input', () => {
  clearTimeout(waiting);
  waiting = setTimeout(show, 300);
});
`,
);

/** @param url of `STRENGTH_PATH`, as the browser asks for it */
export const strengthMeter = (url: string): Html =>
  html`<p class="strength" id="strength" role="status" data-url="${url}" hidden><meter min="0" max="3" low="0.5" high="1.5" optimum="3" value="0" aria-hidden="true"></meter><span></span></p>`;
