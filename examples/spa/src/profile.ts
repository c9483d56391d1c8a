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

/** The fields of the form. The issuer owns the names; the other fields can be cleared with null. */
export type ProfileChange = Partial<
  Pick<Profile, 'first_name' | 'last_name' | 'display_name' | 'profile_picture'>
>;

const url = `${config.userService}/users/me`;

export const getProfile = ({ token }: Session): Promise<Profile> => call('GET', url, token);

export const updateProfile = ({ token }: Session, change: ProfileChange): Promise<Profile> =>
  call('PUT', url, token, change);

const APPLICATION_FIELDS = ['display_name', 'profile_picture'] as const;
const ISSUER_FIELDS = ['first_name', 'last_name'] as const;

/** The fields of the form that differ from the profile. Other fields are not sent, so newer values are not overwritten. */
export function changeOf(profile: Profile, form: FormData): ProfileChange {
  const change: ProfileChange = {};
  for (const name of [...ISSUER_FIELDS, ...APPLICATION_FIELDS]) {
    const value = String(form.get(name) ?? '').trim();
    if (value === (profile[name] ?? '')) continue;
    change[name] = value === '' && APPLICATION_FIELDS.some((field) => field === name) ? null : value;
  }
  return change;
}
