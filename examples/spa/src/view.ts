import type { ErrorEntry } from './api.js';
import type { Authority } from './config.js';
import type { Profile } from './profile.js';

function byId<T extends HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no #${id}.`);
  return element as T;
}

export const elements = {
  edit: byId<HTMLFormElement>('edit'),
  signOut: byId<HTMLButtonElement>('sign-out'),
};

const sections = { 'sign-in': byId('sign-in'), profile: byId('profile') };

/** One button for each authority. */
export function addSignInButtons(authorities: Authority[], signIn: (name: string) => void): void {
  for (const { name } of authorities) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = `Continue with ${name}`;
    button.addEventListener('click', () => signIn(name));
    sections['sign-in'].append(button);
  }
}

export function show(name: keyof typeof sections): void {
  for (const [each, section] of Object.entries(sections)) section.hidden = each !== name;
}

/** Sets the notice as text, never as HTML. */
export function notify(text: string | null): void {
  const notice = byId('notice');
  notice.hidden = text === null;
  notice.textContent = text;
  if (text === null) markWrongFields([]);
}

export function fillProfile(profile: Profile): void {
  byId('issuer').textContent = profile.issuer === 'keycloak' ? 'Keycloak' : 'Twinkey';
  byId('username').textContent = profile.username ?? '';
  byId('email').textContent = profile.email ?? '';
  for (const name of ['first_name', 'last_name', 'display_name', 'profile_picture'] as const) {
    inputOf(name).value = profile[name] ?? '';
  }
}

/** Shows each entry's message next to its field. */
export function markWrongFields(entries: ErrorEntry[]): void {
  for (const label of elements.edit.querySelectorAll('label')) {
    label.classList.remove('wrong');
    label.querySelector('small')?.remove();
  }
  for (const { field, message } of entries) {
    const label = field && elements.edit.elements.namedItem(field) ? inputOf(field).closest('label') : null;
    if (!label) continue;
    const note = document.createElement('small');
    note.textContent = message;
    label.classList.add('wrong');
    label.append(note);
  }
}

const inputOf = (name: string): HTMLInputElement =>
  elements.edit.elements.namedItem(name) as HTMLInputElement;
