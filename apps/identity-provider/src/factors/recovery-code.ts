import { createHash, randomBytes } from 'node:crypto';

export const RECOVERY_CODES = 10;
/** Of any code that is sent: longer than each kind with its hyphens and spaces. */
export const MAX_CODE = 64;
/** 80 bits, so that a fast hash is enough: nobody can try them all. */
const BYTES = 10;
/** Base32 (RFC 4648, section 6). */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Makes a recovery code, such as `K5QX-7RJM-2ATC-W6LD`. */
export function newRecoveryCode(): string {
  const bits = [...randomBytes(BYTES)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const characters = bits.match(/.{5}/g)!.map((five) => ALPHABET[Number.parseInt(five, 2)]);
  return characters.join('').match(/.{4}/g)!.join('-');
}

/** Whether a code without hyphens and spaces could be a recovery code. */
export const isRecoveryCode = (code: string): boolean => /^[A-Z2-7]{16}$/i.test(code);

/** The digest that is stored. Case, spaces and hyphens do not matter. */
export const recoveryCodeDigest = (code: string): Buffer =>
  createHash('sha256').update(code.replace(/[\s-]/g, '').toUpperCase()).digest();
