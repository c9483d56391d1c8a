import { createPrivateKey } from 'node:crypto';
import { parse } from 'dotenv';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  keycloakToken,
  type Members,
  nativeToken,
  signToken,
  testKey,
} from '#libs/verify/src/testing/tokens.js';
import { answerKeys, type JwksServer, startJwksServer } from '../support/jwks-server.js';
import { CliCheckout, ONE_LINE, type Variables } from './cli-checkout.js';

const NATIVE = 'http://localhost:8001';
const REALM = 'https://sso.example.com/realms/people';
const realmKey = testKey('realm');

let checkout: CliCheckout;
let jwks: JwksServer;
let env: Variables;
let native: { kid: string; privateKey: ReturnType<typeof createPrivateKey> };
beforeAll(async () => {
  checkout = await CliCheckout.make();
  jwks = await startJwksServer(answerKeys(realmKey));
  const keys = parse((await checkout.twinkey(['keys', 'generate'])).stdout);
  const { JWT_KID = '', JWT_PRIVATE_KEY = '', JWT_PUBLIC_KEY = '' } = keys;
  native = { kid: JWT_KID, privateKey: createPrivateKey(Buffer.from(JWT_PRIVATE_KEY, 'base64')) };
  env = {
    JWT_KID,
    JWT_PUBLIC_KEY,
    KEYCLOAK_URL: 'https://sso.example.com',
    KEYCLOAK_INTERNAL_URL: new URL(jwks.url).origin,
    KEYCLOAK_REALM: 'people',
  };
});
afterAll(async () => {
  await jwks?.close();
  await checkout?.close();
});

const now = Math.floor(Date.now() / 1_000);

function nativeWith(claims: Members = {}, header: Members = {}, key = native): string {
  const usual = nativeToken(NATIVE, NATIVE, native.kid);
  return signToken({ header: { ...usual.header, ...header }, claims: { ...usual.claims, ...claims } }, key);
}

function realmWith(claims: Members = {}, header: Members = {}): string {
  const usual = keycloakToken(REALM, 'user-service', realmKey.kid);
  return signToken(
    { header: { ...usual.header, ...header }, claims: { ...usual.claims, ...claims } },
    realmKey,
  );
}

interface Explained {
  accepted: boolean;
  reason: string | null;
  token: Record<string, string | null>;
  rules: { name: string; result: string; message: string }[];
}

async function explain(token: string): Promise<{ code: number | null; found: Explained }> {
  const { code, stdout, stderr } = await checkout.twinkey(['tokens', 'explain', '--json'], env, token);
  expect(stderr).toBe('');
  for (const part of token.split('.')) if (part.length > 20) expect(stdout).not.toContain(part);
  return { code, found: JSON.parse(stdout) };
}

const namesOf = ({ rules }: Explained, result: string) =>
  rules.filter((rule) => rule.result === result).map(({ name }) => name);

it('accepts good tokens of both issuers, and says what they are', async () => {
  const ofNative = await explain(`Bearer ${nativeWith()}\n`);
  expect([ofNative.code, ofNative.found.accepted, ofNative.found.reason]).toEqual([0, true, null]);
  expect(ofNative.found.token).toMatchObject({
    issuer: 'native',
    iss: NATIVE,
    key: native.kid,
    issued_at: expect.stringMatching(/^\d{4}-.*Z$/),
    expires_at: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  expect([namesOf(ofNative.found, 'broken'), namesOf(ofNative.found, 'unchecked')]).toEqual([[], []]);
  const ofRealm = await explain(realmWith());
  expect([ofRealm.code, ofRealm.found.token['issuer']]).toEqual([0, 'keycloak']);
  expect(namesOf(ofRealm.found, 'holds')).toContain('use');
});

const refused: [title: string, make: () => string, reason: string, broken: string[]][] = [
  ['not a JWT', () => 'not-a-token', 'malformed', ['form']],
  ['too long', () => nativeWith({ more: 'x'.repeat(17_000) }), 'too_large', ['size']],
  ['another algorithm', () => nativeWith({}, { alg: 'HS256' }), 'algorithm', ['algorithm']],
  ['crit', () => nativeWith({}, { crit: ['x'] }), 'header_parameter', ['header']],
  ['no kid', () => nativeWith({}, { kid: undefined }), 'key_id', ['key id']],
  ['an unknown issuer', () => nativeWith({ iss: `${NATIVE}/` }), 'issuer_unknown', ['issuer']],
  ['the type of an ID token', () => nativeWith({}, { typ: 'JWT' }), 'type', ['type']],
  ['an unknown key', () => nativeWith({}, { kid: 'other' }), 'key_unknown', ['key']],
  [
    "another issuer's key",
    () => nativeWith({}, {}, { kid: native.kid, privateKey: realmKey.privateKey }),
    'signature',
    ['signature'],
  ],
  ['an ID token of Keycloak', () => realmWith({ typ: 'ID' }), 'token_use', ['use']],
  ['another audience', () => nativeWith({ aud: 'x' }), 'audience', ['audience']],
  ['no expiry', () => nativeWith({ exp: undefined }), 'expiry', ['expiry']],
  ['expired', () => nativeWith({ iat: now - 900, exp: now - 600 }), 'expired', ['expiry']],
  ['not yet valid', () => nativeWith({ nbf: now + 600 }), 'not_before', ['not before']],
  ['issued in the future', () => nativeWith({ iat: now + 600 }), 'issued_at', ['issued at']],
  ['too long a life', () => nativeWith({ exp: now + 8 * 86_400 }), 'lifetime', ['life']],
  ['no subject', () => nativeWith({ sub: ' ' }), 'subject', ['subject']],
  [
    'several broken rules',
    () => nativeWith({ aud: 'x', exp: now - 600, iat: now - 900, sub: '' }, { typ: 'JWT' }),
    'type',
    ['type', 'audience', 'expiry', 'subject'],
  ],
];

it.each(refused)('refuses %s, like the verifier, and names the rule', async (_, make, reason, broken) => {
  const { code, found } = await explain(make());
  expect([code, found.accepted, found.reason]).toEqual([1, false, reason]);
  expect(namesOf(found, 'broken')).toEqual(broken);
});

it('says that keys are not available', async () => {
  const { stdout } = await checkout.twinkey(
    ['tokens', 'explain', '--json'],
    { ...env, KEYCLOAK_INTERNAL_URL: 'http://127.0.0.1:1' },
    realmWith(),
  );
  expect(JSON.parse(stdout)).toMatchObject({ accepted: false, reason: 'keys_unavailable' });
});

it('prints a readable text without the token, and escapes what an attacker wrote', async () => {
  const token = nativeWith({ sub: 'evil\u001b[31m', aud: 'x' });
  const { code, stdout } = await checkout.twinkey(['tokens', 'explain'], env, token);
  expect(code).toBe(1);
  expect(stdout).toContain('✗ audience');
  expect(stdout).toContain('The token is refused (audience).');
  expect(stdout).not.toContain('\u001b');
  for (const part of token.split('.')) expect(stdout).not.toContain(part);
});

it('needs a token on standard input', async () => {
  const { code, stdout, stderr } = await checkout.twinkey(['tokens', 'explain'], env, '\n');
  expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(ONE_LINE)]);
});
