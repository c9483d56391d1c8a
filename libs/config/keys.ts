import {
  createHash,
  createPublicKey,
  generateKeyPair as generate,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { promisify } from 'node:util';
import { publicKeyOf } from './parse/pem.js';

/** A key that verifies native tokens: the id that a token's header names, the key, and its PEM (SPKI). */
export interface PublicKey {
  kid: string;
  key: KeyObject;
  pem: string;
}

/** What a JWKS shows of a key (RFC 7517, RFC 7518 section 6.3.1), and nothing else. */
export interface PublicJwk {
  kty: 'RSA';
  n: string;
  e: string;
  kid: string;
  use: 'sig';
  alg: 'RS256';
}

/** A new pair as the settings take it: base64 of PEM, PKCS#8 and SPKI; `kid` is the RFC 7638 thumbprint. */
export interface GeneratedKeys {
  kid: string;
  privateKey: string;
  publicKey: string;
}

/** The public key in a PEM or the base64 of one, see `publicKeyOf`; `pem` is its canonical PEM (SPKI). Throws InvalidValue. */
export function parsePublicKey(text: string): Omit<PublicKey, 'kid'> {
  const key = publicKeyOf(text);
  return { key, pem: key.export({ type: 'spki', format: 'pem' }).toString() };
}

/** Whether the public key verifies what the private key signs, judged by doing it. */
export function isPair(privateKey: KeyObject, publicKey: KeyObject): boolean {
  const probe = Buffer.from('twinkey');
  try {
    return verify('sha256', probe, publicKey, sign('sha256', probe, privateKey));
  } catch {
    return false;
  }
}

/** RFC 7638: the SHA-256 of the required members of an RSA key, in this order, base64url. */
export function thumbprint(jwk: { e?: string; n?: string }): string {
  const required = JSON.stringify({ e: jwk.e, kty: 'RSA', n: jwk.n });
  return createHash('sha256').update(required).digest('base64url');
}

/** The thumbprint of a public key in PEM. */
export function thumbprintOf(pem: string): string {
  return thumbprint(modulusAndExponent(pem));
}

/** The JWK of a public key in PEM. Build it once, never in a request. */
export function toPublicJwk(kid: string, pem: string): PublicJwk {
  return { kty: 'RSA', ...modulusAndExponent(pem), kid, use: 'sig', alg: 'RS256' };
}

/** A new RSA pair of 3072 bits. */
export async function generateKeyPair(): Promise<GeneratedKeys> {
  // Through PEM: exporting a JWK from a key object that was just generated can deadlock Node 20.
  const { privateKey, publicKey } = await promisify(generate)('rsa', {
    modulusLength: 3072,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return {
    kid: thumbprintOf(publicKey),
    privateKey: Buffer.from(privateKey).toString('base64'),
    publicKey: Buffer.from(publicKey).toString('base64'),
  };
}

function modulusAndExponent(pem: string): { n: string; e: string } {
  const { n = '', e = '' } = createPublicKey(pem).export({ format: 'jwk' });
  return { n, e };
}
