import type { KeyObject } from 'node:crypto';

const MIN_BITS = 2048;

/** Whether a key can verify RS256 and is not weak: a public RSA key of at least 2048 bits with the usual exponent. */
export const isStrong = ({ type, asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean =>
  type === 'public' &&
  asymmetricKeyType === 'rsa' &&
  (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_BITS &&
  asymmetricKeyDetails?.publicExponent === 65_537n;
