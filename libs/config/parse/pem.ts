import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { InvalidValue } from '../settings-error.js';

const MINIMUM_BITS = 2048;

/** The PEM labels of each kind of key, and the DER formats. */
const FORMATS = {
  private: { 'PRIVATE KEY': 'pkcs8', 'RSA PRIVATE KEY': 'pkcs1' },
  public: { 'PUBLIC KEY': 'spki', 'RSA PUBLIC KEY': 'pkcs1' },
} as const;

/**
 * Parses a private key in a format that `decodePem` accepts: RSA, at least 2048 bits, e = 65537.
 * @throws InvalidValue with a message that contains no part of the key
 */
export function parsePrivateKey(text: string): KeyObject {
  const { label, der } = decodePem(text);
  const type = formatOf(FORMATS.private, label, 'contains a public key, but must contain the private key');
  return requireRsa(() => createPrivateKey({ key: der, format: 'der', type }));
}

/** Parses a public key under the same rules. */
export function publicKeyOf(text: string): KeyObject {
  const { label, der } = decodePem(text);
  const type = formatOf(FORMATS.public, label, 'contains a private key, but must contain the public key');
  return requireRsa(() => createPublicKey({ key: der, format: 'der', type }));
}

/**
 * Decodes one PEM block, or the base64 of one, with real or escaped (`\n`) line breaks. Node ignores invalid characters in
 * both encodings and accepts any label; this function accepts only exact input.
 * @throws InvalidValue
 */
function decodePem(text: string): { label: string; der: Buffer } {
  const lines = text
    .replaceAll(/\\r|\r/g, '')
    .replaceAll('\\n', '\n')
    .trim();
  const pem = lines.startsWith('-----BEGIN ')
    ? lines
    : decodeBase64(lines, 'must be a PEM, or the base64 of one').toString('latin1');
  const block = /^-----BEGIN ([A-Z0-9 ]+)-----\r?\n([A-Za-z0-9+/=\r\n]+?)\r?\n-----END \1-----\s*$/.exec(pem);
  if (!block) {
    throw new InvalidValue('must contain only one PEM block, or the base64 of one');
  }
  const [, label = '', body = ''] = block;
  const der = decodeBase64(body, 'contains a PEM whose body is not base64');
  if (!isOneSequence(der)) {
    throw new InvalidValue('contains a PEM whose body is not a single key');
  }
  return { label, der };
}

function formatOf<T extends string>(formats: Record<string, T>, label: string, otherKind: string): T {
  const format = Object.hasOwn(formats, label) ? formats[label] : undefined;
  if (format !== undefined) {
    return format;
  }
  if (label === 'ENCRYPTED PRIVATE KEY') {
    throw new InvalidValue('is encrypted; use a key without a passphrase');
  }
  throw new InvalidValue(
    Object.values(FORMATS).some((others) => Object.hasOwn(others, label))
      ? otherKind
      : `must contain a PEM with the label ${Object.keys(formats).join(' or ')}`,
  );
}

function requireRsa(read: () => KeyObject): KeyObject {
  const key = orInvalid(read);
  // rsa-pss is a different type: such a key cannot create RS256 signatures.
  if (key.asymmetricKeyType !== 'rsa') {
    throw new InvalidValue('must contain an RSA key (rsaEncryption; not rsa-pss, not EC)');
  }
  const { modulusLength = 0, publicExponent } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < MINIMUM_BITS) {
    throw new InvalidValue(`must contain an RSA key of at least ${MINIMUM_BITS} bits`);
  }
  if (publicExponent !== 65537n) {
    throw new InvalidValue('must contain an RSA key with the public exponent 65537');
  }
  return key;
}

/** OpenSSL's messages do not help operators, so they are replaced. */
function orInvalid(read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch {
    throw new InvalidValue('contains a PEM that is not a readable key');
  }
}

/** RFC 4648 section 4, with optional line breaks and padding. Refuses other characters and non-zero unused bits. */
function decodeBase64(text: string, message: string): Buffer {
  const line = text.replaceAll(/\r?\n/g, '');
  const bytes = Buffer.from(line, 'base64');
  const exact = bytes.toString('base64');
  if (line === '' || ![exact, exact.replace(/=+$/, '')].includes(line)) {
    throw new InvalidValue(message);
  }
  return bytes;
}

/** Whether the DER is exactly one SEQUENCE: OpenSSL ignores bytes after it. */
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
