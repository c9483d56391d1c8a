import { parsePublicKey } from '../keys.js';
import { keyId, publicKeys } from '../parse/lists.js';
import { parsePrivateKey } from '../parse/pem.js';
import { days, oneOf, word } from '../parse/scalars.js';
import { documentUrl, issuerUrl } from '../parse/urls.js';
import { BOTH_APPS, type Variables } from './variable.js';

const GENERATE = '`twinkey keys generate --write` makes a key pair';
/** Issuer and audience; not in production, where both must be chosen. */
const LOCAL = { development: 'http://localhost:{PORT}', test: 'http://localhost:{PORT}' };

export const tokenVariables = {
  JWT_ALGORITHM: {
    comment: 'How native tokens are signed; RS256 is the only one.',
    parse: oneOf('RS256'),
    default: 'RS256',
    readBy: BOTH_APPS,
  },
  JWT_ISSUER: {
    comment: 'The iss of native tokens, compared exactly. In production required, and https.',
    parse: issuerUrl,
    default: LOCAL,
    sample: 'https://api.example.com',
    commentedOut: true,
    hint: 'the https URL under which identity-provider is public',
    readBy: BOTH_APPS,
  },
  JWT_AUDIENCE: {
    comment: 'The aud of native tokens. In production required.',
    parse: word,
    default: LOCAL,
    sample: 'https://api.example.com',
    commentedOut: true,
    hint: 'the name of what the tokens are for',
    readBy: BOTH_APPS,
  },
  JWT_EXPIRATION_DAYS: {
    comment: 'How long a native token lives, in days; fractions allowed, at most 30.',
    parse: days(30),
    default: '7',
    readBy: BOTH_APPS,
  },
  JWT_KID: {
    comment: 'The id of the signing key.',
    parse: keyId,
    defaultNote: "the key's RFC 7638 thumbprint",
    sample: '',
    commentedOut: true,
    readBy: BOTH_APPS,
  },
  JWT_PRIVATE_KEY: {
    comment:
      'The key that signs native tokens: RSA of 2048 bits at least, as a PEM (PKCS#8 or PKCS#1; its line breaks may be written \\n) or the base64 of one. `twinkey keys generate --write` puts a pair here. Unset in development: one is made.',
    parse: parsePrivateKey,
    defaultNote: 'made in development',
    sample: '',
    commentedOut: true,
    hint: GENERATE,
    readBy: ['identity-provider'],
  },
  JWT_PUBLIC_KEY: {
    comment: 'Its public half, likewise (SPKI or PKCS#1). A user-service that has it fetches no native JWKS.',
    parse: parsePublicKey,
    defaultNote: 'made in development',
    sample: '',
    commentedOut: true,
    hint: GENERATE,
    readBy: BOTH_APPS,
  },
  JWT_ADDITIONAL_PUBLIC_KEYS: {
    comment: 'More public keys in the JWKS, for rotation: kid:base64pem, comma-separated.',
    parse: publicKeys,
    defaultNote: 'empty',
    sample: '',
    commentedOut: true,
    readBy: BOTH_APPS,
  },
  JWT_JWKS_URL: {
    comment: 'Where a service that holds no public key finds the native JWKS.',
    parse: documentUrl,
    default: '{IDENTITY_PROVIDER_URL}/.well-known/jwks.json',
    sample: 'http://127.0.0.1:8001/.well-known/jwks.json',
    commentedOut: true,
    readBy: ['user-service'],
  },
} satisfies Variables;
