import { call } from './api.js';
import { config } from './config.js';
import type { Session } from './session.js';

export interface Profile {
  issuer: 'keycloak' | 'native';
  username: string | null;
  email: string | null;
  first_name: string | null;
  last_name: string | null;
  display_name: string | null;
  profile_picture: string | null;
}

/** What the form edits. The issuer owns the names; application fields may be cleared with null. */
export type ProfileChange = Partial<
  Pick<Profile, 'first_name' | 'last_name' | 'display_name' | 'profile_picture'>
>;

const url = `${config.userService}/users/me`;

export const getProfile = ({ token }: Session): Promise<Profile> => call('GET', url, token);

export const updateProfile = ({ token }: Session, change: ProfileChange): Promise<Profile> =>
  call('PUT', url, token, change);

const OWN = ['display_name', 'profile_picture'] as const;
const ISSUERS = ['first_name', 'last_name'] as const;

/** The fields of the form that differ from the profile: nothing else is sent, so nothing else can be undone. */
export function changeOf(profile: Profile, form: FormData): ProfileChange {
  const change: ProfileChange = {};
  for (const name of [...ISSUERS, ...OWN]) {
    const value = String(form.get(name) ?? '').trim();
    if (value === (profile[name] ?? '')) continue;
    change[name] = value === '' && OWN.some((own) => own === name) ? null : value;
  }
  return change;
}
