/** The claims of each scope, in ID tokens and at `/oauth/userinfo`. */
export const CLAIMS: Record<string, string[]> = {
  openid: ['sub', 'sid', 'auth_time', 'acr', 'amr'],
  profile: ['name', 'given_name', 'family_name', 'preferred_username'],
  email: ['email', 'email_verified'],
};

export const SCOPES: readonly string[] = [...Object.keys(CLAIMS), 'offline_access'];

/** A person as OpenID Connect describes them (Core 1.0, section 5.1). */
export interface ClaimsSubject {
  email: string;
  emailVerified: boolean;
  firstName: string | null;
  lastName: string | null;
}

/** All claims about a person. The caller chooses those of the granted scopes. A name that does not exist is left out. */
export function personClaims({
  email,
  emailVerified,
  firstName,
  lastName,
}: ClaimsSubject): Record<string, string | boolean> {
  const name = [firstName, lastName].filter(Boolean).join(' ');
  return {
    ...(name === '' ? {} : { name }),
    ...(firstName === null ? {} : { given_name: firstName }),
    ...(lastName === null ? {} : { family_name: lastName }),
    preferred_username: email,
    email,
    email_verified: emailVerified,
  };
}
