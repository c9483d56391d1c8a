/**
 * How a user has signed in (`amr`, RFC 8176): `pwd` password, `otp` a one-time code (of an authenticator app, or a recovery
 * code), `hwk` a passkey that stays on its device, `swk` one that is synchronized, `mfa` more than one factor.
 */
export type AuthenticationMethod = 'pwd' | 'otp' | 'hwk' | 'swk' | 'mfa';

export const PASSWORD_ONLY: readonly AuthenticationMethod[] = ['pwd'];

/** The values of `acr`, from the lowest: one factor, and two (a password with a second factor, or a passkey alone). */
export const ACR_VALUES = ['1', '2'] as const;
export const TWO_FACTORS = '2';

/** The `acr` of a sign-in with these methods. */
export const acrOf = (amr: readonly string[]): string => (amr.includes('mfa') ? TWO_FACTORS : '1');

/** Whether a request for these `acr_values` (any of them is good) needs a second factor. Unknown values are ignored. */
export function needsTwoFactors(acrValues: unknown): boolean {
  if (typeof acrValues !== 'string') return false;
  const known = acrValues.split(' ').filter((value) => (ACR_VALUES as readonly string[]).includes(value));
  return known.length > 0 && known.every((value) => value === TWO_FACTORS);
}
