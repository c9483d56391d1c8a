import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { base64, rsaPems } from '../../test/support/settings-fixtures.js';
import { generateKeyPair, isPair, parsePublicKey, thumbprint, thumbprintOf, toPublicJwk } from './keys.js';
import { parsePrivateKey } from './parse/pem.js';
import { InvalidValue } from './settings-error.js';

const pair = rsaPems();
const other = rsaPems();
const spki = { type: 'spki', format: 'pem' } as const;
const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
const pss = generateKeyPairSync('rsa-pss', {
  modulusLength: 2048,
  publicKeyEncoding: spki,
  privateKeyEncoding: pkcs8,
});
const ec = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: spki,
  privateKeyEncoding: pkcs8,
});
const small = rsaPems(1024);
const almost = rsaPems(2047);
const cube = rsaPems(2048, 3);
const toPkcs1 = (pem: string): string =>
  (pem.includes('PRIVATE') ? createPrivateKey(pem) : createPublicKey(pem))
    .export({ type: 'pkcs1', format: 'pem' })
    .toString();
const encrypted = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: spki,
  privateKeyEncoding: { ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'x' },
});

/** The PEM with something done to the DER inside. */
function withDer(pem: string, change: (der: Buffer) => Buffer): string {
  const [first = '', ...rest] = pem.trim().split('\n');
  const last = rest.pop() ?? '';
  return [first, change(Buffer.from(rest.join(''), 'base64')).toString('base64'), last, ''].join('\n');
}

/** The PEM with line ends behind it, until its length leaves this remainder by 3. */
const withLength = (pem: string, remainder: number): string =>
  pem.length % 3 === remainder ? pem : withLength(`${pem}\n`, remainder);

/** What the setting may hold for a PEM. */
const spellings: [string, (pem: string) => string][] = [
  ['base64', base64],
  ['base64 wrapped at 76 columns', (pem) => base64(pem).replaceAll(/.{76}/g, '$&\n')],
  ['base64 wrapped with CRLF', (pem) => base64(pem).replaceAll(/.{64}/g, '$&\r\n')],
  ['base64 wrapped with escaped line breaks', (pem) => base64(pem).replaceAll(/.{76}/g, '$&\\n')],
  ['base64 without two characters of padding', (pem) => base64(withLength(pem, 1)).replace(/=+$/, '')],
  ['base64 without one character of padding', (pem) => base64(withLength(pem, 2)).replace(/=+$/, '')],
  ['base64 of a PEM with CRLF', (pem) => base64(pem.replaceAll('\n', '\r\n'))],
  ['base64 of a PEM without an end of its last line', (pem) => base64(pem.trimEnd())],
  ['the PEM', (pem) => pem],
  ['the PEM with CRLF', (pem) => pem.replaceAll('\n', '\r\n')],
  ['the PEM with escaped line breaks', (pem) => pem.replaceAll('\n', '\\n')],
  ['the PEM with escaped CRLF', (pem) => pem.replaceAll('\n', '\\r\\n')],
];

/** Faults that both kinds of key share, made from a good PEM: what the setting then holds. */
const hostile: [string, (pem: string) => string][] = [
  ['nothing', () => ''],
  ['junk', () => 'not-base64!'],
  ['junk in base64', () => base64('hello')],
  ['a space inside the base64', (pem) => base64(pem).replace(/^.{20}/, '$& ')],
  ['a character that is not base64 inside it', (pem) => base64(pem).replace(/^.{20}/, '$&*')],
  ['base64 with too little padding', (pem) => base64(withLength(pem, 1)).slice(0, -1)],
  ['base64 of another alphabet', (pem) => base64(`${pem}\u00ff\u00ff\u00ff`).replaceAll('/', '_')],
  ['a bare PEM and text after it', (pem) => `${pem}more`],
  ['two bare PEM blocks', (pem) => pem + pem],
  ['a bare PEM with junk in its body', (pem) => pem.replace(/\nM/, '\n*M')],
  ['a bare PEM on one line', (pem) => pem.replaceAll('\n', ' ')],
  ['a bare PEM whose line breaks are escaped twice', (pem) => pem.replaceAll('\n', '\\\\n')],
  ['base64 that was cut', (pem) => base64(pem).slice(0, 401)],
  ['base64 twice', (pem) => base64(base64(pem))],
  ['text before the PEM', (pem) => base64(`key:\n${pem}`)],
  ['text after the PEM', (pem) => base64(`${pem}more`)],
  ['two PEM blocks', (pem) => base64(pem + pem)],
  ['labels that differ', (pem) => base64(pem.replace('END P', 'END RSA P'))],
  ['a PEM without an end', (pem) => base64(pem.replace(/-----END.*/s, ''))],
  ['junk in the PEM body', (pem) => base64(pem.replace(/\nM/, '\n*M'))],
  ['an empty PEM body', (pem) => base64(pem.replace(/-\n.*\n-/s, '-\n\n-'))],
  ['bytes after the key', (pem) => base64(withDer(pem, (der) => Buffer.concat([der, Buffer.from('junk')])))],
  ['a key that was cut', (pem) => base64(withDer(pem, (der) => der.subarray(0, 100)))],
  ['zeros', (pem) => base64(withDer(pem, (der) => Buffer.alloc(der.length)))],
  ['a certificate', (pem) => base64(pem.replaceAll(/(PRIVATE|PUBLIC) KEY/g, 'CERTIFICATE'))],
];

/** Asserts the refusal, and that its message holds no part of the input. */
function expectRefusal(parse: (text: string) => unknown, text: string, message?: RegExp): void {
  let refusal: unknown;
  try {
    parse(text);
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(InvalidValue);
  const told = (refusal as InvalidValue).message;
  expect(told).toMatch(message ?? /./);
  const inner = Buffer.from(text, 'base64').toString('latin1');
  for (const piece of [...text.split(/\s+/), ...inner.split(/\s+/)].filter(({ length }) => length > 11)) {
    expect(told).not.toContain(piece.slice(0, 12));
  }
}

describe('parsePrivateKey', () => {
  it.each(spellings)('takes PKCS#8 and PKCS#1 as %s', (_, spell) => {
    for (const pem of [pair.privateKey, toPkcs1(pair.privateKey)]) {
      const key = parsePrivateKey(spell(pem));
      expect(key.export({ type: 'pkcs8', format: 'pem' })).toBe(pair.privateKey);
    }
  });

  it.each(hostile)('refuses %s', (_, make) => expectRefusal(parsePrivateKey, make(pair.privateKey)));

  it.each([
    ['a public key', pair.publicKey, /holds a public key/],
    ['a public key in PKCS#1', toPkcs1(pair.publicKey), /holds a public key/],
    ['1024 bits in PKCS#1', toPkcs1(small.privateKey), /2048 bits/],
    ['an encrypted key', encrypted.privateKey, /encrypted/],
    ['1024 bits', small.privateKey, /2048 bits/],
    ['2047 bits', almost.privateKey, /2048 bits/],
    ['e = 3', cube.privateKey, /65537/],
    ['rsa-pss', pss.privateKey, /rsa-pss/],
    ['an EC key', ec.privateKey, /RSA/],
    [
      'a public key under a private label',
      pair.publicKey.replaceAll('PUBLIC', 'PRIVATE'),
      /not a readable key/,
    ],
  ])('refuses %s', (_, pem, message) => expectRefusal(parsePrivateKey, base64(pem), message));
});

describe('parsePublicKey', () => {
  it.each(spellings)('takes SPKI and PKCS#1 as %s, and gives the canonical PEM', (_, spell) => {
    for (const pem of [pair.publicKey, toPkcs1(pair.publicKey)]) {
      expect(parsePublicKey(spell(pem)).pem).toBe(pair.publicKey);
    }
  });

  it.each(hostile)('refuses %s', (_, make) => expectRefusal(parsePublicKey, make(pair.publicKey)));

  it.each([
    ['a private key', pair.privateKey, /holds a private key/],
    ['a private key in PKCS#1', toPkcs1(pair.privateKey), /holds a private key/],
    ['1024 bits in PKCS#1', toPkcs1(small.publicKey), /2048 bits/],
    ['1024 bits', small.publicKey, /2048 bits/],
    ['e = 3', cube.publicKey, /65537/],
    ['rsa-pss', pss.publicKey, /rsa-pss/],
    ['an EC key', ec.publicKey, /RSA/],
    [
      'a private key under a public label',
      pair.privateKey.replaceAll('PRIVATE', 'PUBLIC'),
      /not a readable key/,
    ],
  ])('refuses %s', (_, pem, message) => expectRefusal(parsePublicKey, base64(pem), message));
});

describe('isPair', () => {
  it('tells a pair from two halves of different pairs', () => {
    const privateKey = parsePrivateKey(base64(pair.privateKey));
    expect(isPair(privateKey, parsePublicKey(base64(pair.publicKey)).key)).toBe(true);
    expect(isPair(privateKey, parsePublicKey(base64(other.publicKey)).key)).toBe(false);
  });
});

describe('thumbprint and toPublicJwk', () => {
  it('gives the thumbprint of the example in RFC 7638, section 3.1', () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMst' +
      'n64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
    expect(thumbprint({ e: 'AQAB', n })).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  });

  it('agrees with jose', async () => {
    const jwk = await exportJWK(createPublicKey(pair.publicKey));
    expect(thumbprintOf(pair.publicKey)).toBe(await calculateJwkThumbprint(jwk));
    expect(toPublicJwk('k1', pair.publicKey)).toEqual({ ...jwk, kid: 'k1', use: 'sig', alg: 'RS256' });
  });

  it('shows nothing private, even of a private PEM', () => {
    expect(Object.keys(toPublicJwk('k1', pair.privateKey)).sort()).toEqual([
      'alg',
      'e',
      'kid',
      'kty',
      'n',
      'use',
    ]);
  });
});

describe('generateKeyPair', () => {
  let keys: Awaited<ReturnType<typeof generateKeyPair>>;
  beforeAll(async () => {
    keys = await generateKeyPair();
  });

  it('makes a pair of 3072 bits that the settings take', () => {
    const privateKey = parsePrivateKey(keys.privateKey);
    const publicKey = parsePublicKey(keys.publicKey);
    expect(privateKey.asymmetricKeyDetails?.modulusLength).toBe(3072);
    expect(isPair(privateKey, publicKey.key)).toBe(true);
    expect(keys.kid).toBe(thumbprintOf(publicKey.pem));
  });
});
