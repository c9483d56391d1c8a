import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';

/**
 * What a form sends of `PublicKeyCredential.toJSON()`. The library checks what is inside.
 * @returns null if it is not even JSON of that form
 */
export function readCredential<T extends AuthenticationResponseJSON | RegistrationResponseJSON>(
  text: string,
): T | null {
  try {
    const credential = JSON.parse(text);
    return typeof credential?.response === 'object' && credential.response !== null ? credential : null;
  } catch {
    return null;
  }
}
