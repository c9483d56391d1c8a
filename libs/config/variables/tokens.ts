import { parsePublicKey } from '../keys.js';
import { keyId, publicKeys } from '../parse/lists.js';
import { parsePrivateKey } from '../parse/pem.js';
import { days, filePath, oneOf, visibleText } from '../parse/scalars.js';
import { documentUrl, issuerUrl } from '../parse/urls.js';
import { BOTH_APPS, type Variables } from './variable.js';

const GENERATE = '`twinkey keys generate --write` creates a key pair';
/** The default of issuer and audience. Production has none: both must be set. */
const LOCAL = { development: 'http://localhost:{PORT}', test: 'http://localhost:{PORT}' };

export const tokenVariables = {
  JWT_ALGORITHM: {
    comment: 'The signature algorithm of native tokens. Only RS256 is supported.',
    parse: oneOf('RS256'),
    default: 'RS256',
    readBy: BOTH_APPS,
  },
  JWT_ISSUER: {
    comment:
      'The issuer (iss) of native tokens, which is compared exactly. Required in production, with https.',
    parse: issuerUrl,
    default: LOCAL,
    sample: 'https://api.example.com',
    commentedOut: true,
    hint: 'set the public https URL of identity-provider',
    readBy: BOTH_APPS,
  },
  JWT_AUDIENCE: {
    comment: 'The audience (aud) of native tokens. Required in production.',
    parse: visibleText,
    default: LOCAL,
    sample: 'https://api.example.com',
    commentedOut: true,
    hint: 'set the audience of the tokens, such as the public URL of the API',
    readBy: BOTH_APPS,
  },
  JWT_EXPIRATION_DAYS: {
    comment: 'The lifetime of native tokens in days: at most 30, fractions are allowed.',
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
      'The key that signs native tokens: RSA with at least 2048 bits, as a PEM (PKCS#8 or PKCS#1; line breaks can be written as \\n) or the base64 of a PEM. `twinkey keys generate --write` writes a pair to .env. If unset in development, a pair is generated.',
    parse: parsePrivateKey,
    defaultNote: 'generated in development',
    sample: '',
    commentedOut: true,
    hint: GENERATE,
    readBy: ['identity-provider'],
  },
  JWT_PUBLIC_KEY: {
    comment:
      'The public key of JWT_PRIVATE_KEY, in the same format (SPKI or PKCS#1). If user-service has it, it does not fetch the native JWKS.',
    parse: parsePublicKey,
    defaultNote: 'generated in development',
    sample: '',
    commentedOut: true,
    hint: GENERATE,
    readBy: BOTH_APPS,
  },
  JWT_ADDITIONAL_PUBLIC_KEYS: {
    comment: 'Additional public keys in the JWKS, for rotation: kid:base64pem, comma-separated.',
    parse: publicKeys,
    defaultNote: 'empty',
    sample: '',
    commentedOut: true,
    readBy: BOTH_APPS,
  },
  JWT_KEYS_FILE: {
    comment:
      'A file with the four variables above in the format of .env, in place of them; relative to the project root. Running processes read it again when it changes, as they do with .env: for keys in a mounted secret.',
    parse: filePath,
    sample: '/run/secrets/twinkey-keys.env',
    commentedOut: true,
    readBy: BOTH_APPS,
  },
  JWT_JWKS_URL: {
    comment: 'The URL of the native JWKS, for a service without JWT_PUBLIC_KEY.',
    parse: documentUrl,
    default: '{IDENTITY_PROVIDER_URL}/.well-known/jwks.json',
    sample: 'http://127.0.0.1:8001/.well-known/jwks.json',
    commentedOut: true,
    readBy: ['user-service'],
  },
} satisfies Variables;
