import { Secret, TOTP } from 'otpauth';
import type { Api } from './api.js';

const PERIOD_MS = 30_000;

/** The code of an authenticator app. @param steps of 30 seconds from now */
export const totpCode = (secret: string, steps = 0): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * PERIOD_MS });

/** A code that is wrong now, and in the steps around. */
export function wrongTotpCode(secret: string): string {
  const good = [-2, -1, 0, 1, 2].map((steps) => totpCode(secret, steps));
  return ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !good.includes(code))!;
}

export interface EnrolledApp {
  id: string;
  /** In base32. */
  secret: string;
  recoveryCodes: string[];
}

/**
 * Adds an authenticator app to the account of a session. It confirms with the code of the step before, so that the current
 * one can still be used.
 */
export async function enrolTotp(api: Api): Promise<EnrolledApp> {
  const { data: started } = await api.post('/auth/factors/totp', {});
  const { status, data } = await api.post('/auth/factors/totp/confirm', {
    id: started.id,
    code: totpCode(started.secret, -1),
  });
  if (status !== 200) throw new Error(`The authenticator app was not confirmed: ${status}`);
  return { id: started.id, secret: started.secret, recoveryCodes: data.recovery_codes ?? [] };
}
