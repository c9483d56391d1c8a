import { Secret, TOTP } from 'otpauth';

/** In seconds (RFC 6238, section 5.2). */
const PERIOD = 30;
/** Codes of the step before and after the current one are accepted: clocks differ, and typing takes time. */
const DRIFT_STEPS = 1;
/** In bytes (RFC 4226, section 4, requirement 6). */
const SECRET_BYTES = 20;

export interface TotpEnrolment {
  /** In base32. */
  secret: string;
  /** `otpauth://`, which authenticator apps read. */
  uri: string;
  /** The same as a picture. */
  qrSvg: string;
}

export const newTotpSecret = (): Buffer => Buffer.from(new Secret({ size: SECRET_BYTES }).bytes);

/** @param issuer the name of this installation @param label the account's email */
export async function totpEnrolment(secret: Buffer, issuer: string, label: string): Promise<TotpEnrolment> {
  // Not at the start, which it would make longer.
  const { default: qrcode } = await import('qrcode');
  const totp = totpOf(secret, issuer, label);
  const uri = totp.toString();
  const qrSvg = await qrcode.toString(uri, { type: 'svg', errorCorrectionLevel: 'M', margin: 4 });
  return { secret: totp.secret.base32, uri, qrSvg };
}

/**
 * The time step that a code belongs to.
 * @param now in milliseconds
 * @returns null if the code is wrong, or not of a step near the current one
 */
export function matchingStep(secret: Buffer, code: string, now: number): number | null {
  const totp = totpOf(secret);
  const delta = totp.validate({ token: code, timestamp: now, window: DRIFT_STEPS });
  return delta === null ? null : totp.counter({ timestamp: now }) + delta;
}

const totpOf = (secret: Buffer, issuer = '', label = 'account'): TOTP =>
  new TOTP({ issuer, label, secret: new Secret({ buffer: Uint8Array.from(secret).buffer }), period: PERIOD });
