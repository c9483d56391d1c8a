import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { InvalidValue } from '../settings-error.js';

export type PemLabel = 'PRIVATE KEY' | 'PUBLIC KEY';

const MINIMUM_BITS = 2048;

/** What else people put here, and what to say: each label that is not the wanted one. */
const OTHER_LABELS: Record<string, string> = {
  'PRIVATE KEY': 'holds a private key; the public one (SPKI) belongs here',
  'PUBLIC KEY': 'holds a public key; the private one (PKCS#8) belongs here',
  'ENCRYPTED PRIVATE KEY': 'is encrypted; give it without a passphrase',
  'RSA PRIVATE KEY': 'holds a private key in PKCS#1, where only PKCS#8 and SPKI are taken',
  'RSA PUBLIC KEY': 'is PKCS#1; give the public key as SPKI',
};

/**
 * The DER inside the base64 of one PEM block with the wanted label. Node skips junk in both encodings
 * and takes whatever label it finds; here each must be exact. Throws InvalidValue.
 */
export function decodePem(base64: string, label: PemLabel): Buffer {
  const pem = decodeBase64(base64, 'must be the base64 of a PEM, on one line').toString('latin1');
  const block = /^-----BEGIN ([A-Z0-9 ]+)-----\r?\n([A-Za-z0-9+/=\r\n]+?)\r?\n-----END \1-----\s*$/.exec(pem);
  if (!block) {
    throw new InvalidValue('must be the base64 of one PEM block and nothing else');
  }
  const [, found = '', body = ''] = block;
  if (found !== label) {
    throw new InvalidValue(OTHER_LABELS[found] ?? `must hold a PEM of the kind ${label}`);
  }
  const der = decodeBase64(body.replaceAll(/\r?\n/g, ''), 'holds a PEM whose body is not base64');
  if (!isOneSequence(der)) {
    throw new InvalidValue('holds a PEM whose body is not one key');
  }
  return der;
}

/** The RSA private key of a PKCS#8 DER. Throws InvalidValue. */
export function privateKeyOf(der: Buffer): KeyObject {
  return requireRsa(() => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
}

/** The RSA public key of an SPKI DER. Throws InvalidValue. */
export function publicKeyOf(der: Buffer): KeyObject {
  return requireRsa(() => createPublicKey({ key: der, format: 'der', type: 'spki' }));
}

function requireRsa(read: () => KeyObject): KeyObject {
  const key = orInvalid(read);
  // rsa-pss is a type of its own: such a key cannot make RS256 signatures.
  if (key.asymmetricKeyType !== 'rsa') {
    throw new InvalidValue('must hold an RSA key (rsaEncryption; not rsa-pss, not EC)');
  }
  const { modulusLength = 0, publicExponent } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < MINIMUM_BITS) {
    throw new InvalidValue(`must hold an RSA key of ${MINIMUM_BITS} bits at least`);
  }
  if (publicExponent !== 65537n) {
    throw new InvalidValue('must hold an RSA key with the public exponent 65537');
  }
  return key;
}

/** OpenSSL's own messages say nothing to an operator, so they are left out. */
function orInvalid(read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch {
    throw new InvalidValue('holds a PEM that is not a readable key');
  }
}

/** RFC 4648 section 4, exactly: no other characters, the padding there, unused bits zero. */
function decodeBase64(text: string, message: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (text === '' || bytes.toString('base64') !== text) {
    throw new InvalidValue(message);
  }
  return bytes;
}

/** Whether the DER is one SEQUENCE from the first byte to the last: OpenSSL ignores what follows it. */
function isOneSequence(der: Buffer): boolean {
  if (der[0] !== 0x30 || der.length < 4) {
    return false;
  }
  const first = der.readUInt8(1);
  const lengthBytes = first < 0x80 ? 0 : first - 0x80;
  if (lengthBytes > 4 || der.length < 2 + lengthBytes) {
    return false;
  }
  const length = lengthBytes === 0 ? first : der.readUIntBE(2, lengthBytes);
  return der.length === 2 + lengthBytes + length;
}
