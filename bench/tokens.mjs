import { createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';

/** An RSA key pair of 2048 bits in PEM. @returns {{ kid: string, privateKey: string, publicKey: string }} */
export function newKey(kid) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return { kid, privateKey, publicKey };
}

/** @param {string} pem @returns {{ keys: object[] }} */
export function jwksOf(kid, pem) {
  const { n, e } = createPublicKey(pem).export({ format: 'jwk' });
  return { keys: [{ kty: 'RSA', use: 'sig', alg: 'RS256', kid, n, e }] };
}

/**
 * An access token that both the apps and the limit server accept.
 * @param {{ key: ReturnType<typeof newKey>, iss: string, aud: string, typ: string }} issuer
 */
export function tokenOf({ key, iss, aud, typ }, claims) {
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: 'RS256', typ, kid: key.kid };
  const payload = { iss, aud, iat: now - 60, exp: now + 7_200, jti: randomUUID(), ...claims };
  const signed = [header, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key.privateKey).toString('base64url')}`;
}
