import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { InvalidValue } from '../settings-error.js';

const MINIMUM_BITS = 2048;

/** The PEM labels of each kind of key, and how their DER is encoded. */
const FORMATS = {
  private: { 'PRIVATE KEY': 'pkcs8', 'RSA PRIVATE KEY': 'pkcs1' },
  public: { 'PUBLIC KEY': 'spki', 'RSA PUBLIC KEY': 'pkcs1' },
} as const;

/**
 * The private key in any spelling that `decodePem` knows: RSA, 2048 bits at least, e = 65537. Throws InvalidValue, whose
 * message holds nothing of the key.
 */
export function parsePrivateKey(text: string): KeyObject {
  const { label, der } = decodePem(text);
  const type = formatOf(FORMATS.private, label, 'holds a public key; the private one belongs here');
  return requireRsa(() => createPrivateKey({ key: der, format: 'der', type }));
}

/** The public key, likewise. */
export function publicKeyOf(text: string): KeyObject {
  const { label, der } = decodePem(text);
  const type = formatOf(FORMATS.public, label, 'holds a private key; the public one belongs here');
  return requireRsa(() => createPublicKey({ key: der, format: 'der', type }));
}

/**
 * One PEM block, as it is or in base64, each with real or escaped (`\n`) line breaks: its label and the DER inside.
 * Node skips junk in both encodings and takes whatever label it finds; here each must be exact. Throws InvalidValue.
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
    throw new InvalidValue('must be one PEM block, or the base64 of one, and nothing else');
  }
  const [, label = '', body = ''] = block;
  const der = decodeBase64(body, 'holds a PEM whose body is not base64');
  if (!isOneSequence(der)) {
    throw new InvalidValue('holds a PEM whose body is not one key');
  }
  return { label, der };
}

function formatOf<T extends string>(formats: Record<string, T>, label: string, otherKind: string): T {
  const format = Object.hasOwn(formats, label) ? formats[label] : undefined;
  if (format !== undefined) {
    return format;
  }
  if (label === 'ENCRYPTED PRIVATE KEY') {
    throw new InvalidValue('is encrypted; give it without a passphrase');
  }
  throw new InvalidValue(
    Object.values(FORMATS).some((others) => Object.hasOwn(others, label))
      ? otherKind
      : `must hold a PEM of the kind ${Object.keys(formats).join(' or ')}`,
  );
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

/** RFC 4648 section 4, in lines or not, with or without its padding: no other characters, unused bits zero. */
function decodeBase64(text: string, message: string): Buffer {
  const line = text.replaceAll(/\r?\n/g, '');
  const bytes = Buffer.from(line, 'base64');
  const exact = bytes.toString('base64');
  if (line === '' || ![exact, exact.replace(/=+$/, '')].includes(line)) {
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
