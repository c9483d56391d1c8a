import { constants, createHmac, pbkdf2, sign } from 'node:crypto';
import type { ExecutionContext } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { AuthModule } from './auth.module.js';
import { BearerGuard } from './bearer.guard.js';
import { StaticKeys } from './key-source.js';
import { keycloakIssuer } from './keycloak-issuer.js';
import { nativeIssuer } from './native-issuer.js';
import type { VerifiedToken } from './principal.js';
import { answerWith, type JwksServer, startJwksServer } from './testing/jwks-server.js';
import {
  keycloakToken,
  type Members,
  nativeToken,
  signingInput,
  signToken,
  testKey,
} from './testing/tokens.js';
import { TokenRejected } from './token-rejected.js';

const NATIVE = 'https://id.example.com';
const NATIVE_AUDIENCE = 'https://api.example.com';
const KEYCLOAK = 'https://keycloak.example.com/realms/myrealm';
const DAY = 24 * 60 * 60;
const NOW = 1_800_000_000;

const nativeKey = testKey('native-1');
const keycloakKey = testKey('keycloak-1');
const strangerKey = testKey('native-1');

type Change = { header?: Members; claims?: Members };

const native = ({ header, claims }: Change = {}) => {
  const good = nativeToken(NATIVE, NATIVE_AUDIENCE, nativeKey.kid);
  return { header: { ...good.header, ...header }, claims: { ...good.claims, ...claims } };
};
const keycloak = ({ header, claims }: Change = {}) => {
  const good = keycloakToken(KEYCLOAK, 'user-service', keycloakKey.kid);
  return { header: { ...good.header, ...header }, claims: { ...good.claims, ...claims } };
};
const signedNative = (change?: Change) => signToken(native(change), nativeKey);
const signedKeycloak = (change?: Change) => signToken(keycloak(change), keycloakKey);

let module: TestingModule;
let canary: JwksServer;

beforeAll(async () => {
  canary = await startJwksServer(answerWith({ keys: [] }));
  const lifetime = { maxLifetimeSeconds: 7 * DAY };
  const issuers = [
    nativeIssuer({
      issuer: NATIVE,
      audience: NATIVE_AUDIENCE,
      ...lifetime,
      keys: [nativeKey],
      jwksUrl: null,
    }),
    {
      ...keycloakIssuer({
        issuer: KEYCLOAK,
        audience: 'user-service',
        jwksUrl: canary.url,
        roleMap: new Map([['helpdesk', 'support']]),
      }),
      keys: new StaticKeys([keycloakKey]),
    },
  ];
  module = await Test.createTestingModule({
    imports: [AuthModule.forRoot({ issuers: { useFactory: () => issuers } })],
  }).compile();
  await module.init();
});
afterAll(async () => {
  await module.close();
  await canary.close();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Through passport, its strategy and jsonwebtoken, as every request goes. */
async function verify(token: string): Promise<VerifiedToken> {
  const authorization = `Bearer ${token}`;
  const request = { headers: { authorization }, raw: { rawHeaders: ['Authorization', authorization] } };
  const http = { getRequest: () => request, getResponse: () => ({}) };
  return module.get(BearerGuard).verify({ switchToHttp: () => http } as unknown as ExecutionContext);
}

/** `accepted`, or the reason. */
const outcome = (token: string): Promise<string> =>
  verify(token).then(
    () => 'accepted',
    (error) => {
      if (error instanceof TokenRejected) return error.reason;
      throw error;
    },
  );

describe('a good token', () => {
  it('of the native issuer is accepted', async () => {
    const { claims } = native();
    expect(await verify(signedNative())).toEqual({
      issuer: 'native',
      subject: '0199d3a8-6c1e-7b55-9d5f-2f3d7a1f0c11',
      kind: 'person',
      username: 'ada@example.com',
      email: 'ada@example.com',
      firstName: 'Ada',
      lastName: 'Lovelace',
      tokenId: claims.jti,
      sessionId: claims.sid,
      issuedAt: claims.iat,
      expiresAt: claims.exp,
      realmRoles: [],
      roles: ['support'],
      permissions: ['users:read'],
      kid: 'native-1',
    });
  });

  it('of Keycloak is accepted', async () => {
    const { claims } = keycloak();
    expect(await verify(signedKeycloak())).toEqual({
      issuer: 'keycloak',
      subject: 'c0139d68-ba04-4470-8a0f-b9a00b453183',
      kind: 'person',
      username: 'alice',
      email: 'alice@example.com',
      firstName: 'Alice',
      lastName: 'Liddell',
      tokenId: claims.jti,
      sessionId: 'W1jh2eM5uiclAXkyxkqQ6TqE',
      issuedAt: claims.iat,
      expiresAt: claims.exp,
      realmRoles: ['default-roles-myrealm', 'offline_access', 'helpdesk'],
      roles: ['support'],
      permissions: [],
      kid: 'keycloak-1',
    });
  });

  it.each<[string, () => string]>([
    ['Keycloak, header typ at+jwt', () => signedKeycloak({ header: { typ: 'at+jwt' } })],
    ['aud as text', () => signedKeycloak({ claims: { aud: 'user-service' } })],
    ['aud as a list', () => signedNative({ claims: { aud: ['other', NATIVE_AUDIENCE] } })],
    [
      'x5t, which is only a name for a key',
      () => signedNative({ header: { x5t: 'VcJsEpcMJRIptzdGskBFfLfznsg' } }),
    ],
    ['times with fractions', () => signedNative({ claims: { iat: Date.now() / 1_000 } })],
    [
      'nothing but what is needed',
      () => signedNative({ claims: without('jti', 'sid', 'email', 'role', 'permissions') }),
    ],
    ['sub of 255 characters', () => signedKeycloak({ claims: { sub: 's'.repeat(255) } })],
    ['sub in any script', () => signedKeycloak({ claims: { sub: 'f:ldap:Žofie 🦊' } })],
  ])('is accepted with %s', async (_name, token) => {
    expect(await outcome(token())).toBe('accepted');
  });
});

const without = (...names: string[]): Members => Object.fromEntries(names.map((name) => [name, undefined]));

describe('the algorithm', () => {
  const NONE = [
    'none',
    'None',
    'NONE',
    'nOnE',
    'none ',
    ' none',
    'none\0',
    'n\u200bone',
    '',
    null,
    undefined,
    [],
    ['RS256'],
    ['none'],
    {},
    0,
    false,
    true,
  ];

  it.each(NONE)('none spelled %j is refused, unsigned or with a good signature', async (alg) => {
    const input = signingInput(native({ header: { alg } }));
    const [, , signature] = signedNative().split('.');
    expect(await outcome(`${input}.`)).not.toBe('accepted');
    expect(await outcome(`${input}.${signature}`)).toBe('algorithm');
    expect(await outcome(signedNative({ header: { alg } }))).toBe('algorithm');
  });

  const SECRETS: [string, string | Buffer][] = [
    ['PEM', nativeKey.pem],
    ['PEM without its last line break', nativeKey.pem.trimEnd()],
    ['DER', nativeKey.key.export({ type: 'spki', format: 'der' })],
    ['PKCS#1', nativeKey.key.export({ type: 'pkcs1', format: 'der' })],
    ['JWK', JSON.stringify(nativeKey.jwk)],
    ['modulus as text', nativeKey.jwk.n as string],
    ['modulus', Buffer.from(nativeKey.jwk.n as string, 'base64url')],
    ['empty', ''],
  ];

  it.each(SECRETS)('an HMAC keyed with the public key (%s) is refused', async (_name, secret) => {
    for (const [alg, digest] of [
      ['HS256', 'sha256'],
      ['HS384', 'sha384'],
      ['HS512', 'sha512'],
    ] as const) {
      const confused = signingInput(native({ header: { alg } }));
      const honest = signingInput(native());
      const mac = (input: string) => createHmac(digest, secret).update(input).digest('base64url');
      expect(await outcome(`${confused}.${mac(confused)}`)).toBe('algorithm');
      expect(await outcome(`${honest}.${mac(honest)}`)).toBe('signature');
    }
  });

  const { privateKey: key } = nativeKey;
  const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  it.each([
    ['RS384', 'sha384', key],
    ['RS512', 'sha512', key],
    ['PS256', 'sha256', pss],
    ['PS384', 'sha384', pss],
    ['PS512', 'sha512', pss],
    ['RS1', 'sha1', key],
  ] as const)('%s with the right key is refused, said or silent', async (alg, digest, how) => {
    for (const [said, reason] of [
      [alg, 'algorithm'],
      ['RS256', 'signature'],
    ] as const) {
      const input = signingInput(native({ header: { alg: said } }));
      const token = `${input}.${sign(digest, Buffer.from(input), how).toString('base64url')}`;
      expect(await outcome(token)).toBe(reason);
    }
  });

  it.each([
    ['ES256', 64, 'algorithm'],
    ['EdDSA', 64, 'algorithm'],
    ['RS256', 64, 'signature'],
    ['RS256', 1, 'signature'],
    ['RS256', 255, 'signature'],
    ['RS256', 256, 'signature'],
    ['RS256', 257, 'signature'],
  ])('%s with a signature of %d zeros is refused', async (alg, length, reason) => {
    const token = `${signingInput(native({ header: { alg } }))}.${Buffer.alloc(length).toString('base64url')}`;
    expect(await outcome(token)).toBe(reason);
  });
});

describe('the header', () => {
  it('never makes us fetch or believe a key that it brings', async () => {
    const urls = [
      canary.url,
      'file:///etc/passwd',
      'http://169.254.169.254/latest',
      'http://canary.invalid/',
    ];
    const changes: Members[] = [
      { jwk: strangerKey.jwk },
      { jwk: nativeKey.jwk },
      { x5c: ['MIICkTCCAXkCBgGiCQlr1DANBgkqhkiG9w0BAQsFADAM'] },
      ...urls.flatMap((url) => [
        { jku: url },
        { x5u: url },
        { jku: url, jwk: strangerKey.jwk, kid: undefined },
      ]),
    ];
    for (const header of changes) {
      expect(await outcome(signToken(native({ header }), strangerKey))).toBe('header_parameter');
      expect(await outcome(signedNative({ header }))).toBe('header_parameter');
    }
    expect(canary.hits).toBe(0);
  });

  it.each<[Members, string]>([
    [{ crit: ['exp'] }, 'header_parameter'],
    [{ crit: [] }, 'header_parameter'],
    [{ crit: null }, 'header_parameter'],
    [{ crit: ['b64'], b64: false }, 'header_parameter'],
    [{ crit: ['x'], x: 1 }, 'header_parameter'],
    [{ b64: false }, 'header_parameter'],
    [{ b64: true }, 'header_parameter'],
    [{ zip: 'DEF' }, 'header_parameter'],
    [{ cty: 'JWT' }, 'header_parameter'],
    [{ enc: 'A256GCM' }, 'header_parameter'],
    [{ alg: 'RSA-OAEP', enc: 'A256GCM' }, 'algorithm'],
    [{ typ: undefined }, 'type'],
    [{ typ: null }, 'type'],
    [{ typ: ['at+jwt'] }, 'type'],
    [{ typ: 'logout+jwt' }, 'type'],
    [{ typ: 'dpop+jwt' }, 'type'],
    [{ typ: 'JOSE' }, 'type'],
    [{ typ: 'AT+JWT' }, 'type'],
    [{ typ: 'application/at+jwt' }, 'type'],
    [{ kid: undefined }, 'key_id'],
    [{ kid: null }, 'key_id'],
    [{ kid: '' }, 'key_id'],
    [{ kid: 1 }, 'key_id'],
    [{ kid: ['native-1'] }, 'key_id'],
    [{ kid: { toString: 'native-1' } }, 'key_id'],
    [{ kid: 'k'.repeat(256) }, 'key_id'],
    [{ kid: 'k'.repeat(4_000) }, 'key_id'],
    [{ kid: 'NATIVE-1' }, 'key_unknown'],
    [{ kid: 'native-1\0' }, 'key_unknown'],
    [{ kid: '../../../../dev/null' }, 'key_unknown'],
    [{ kid: "' OR 1=1 --" }, 'key_unknown'],
    [{ kid: 'a\r\nSet-Cookie: b' }, 'key_unknown'],
    [{ kid: '__proto__' }, 'key_unknown'],
    [{ kid: 'constructor' }, 'key_unknown'],
    [{ kid: 'keycloak-1' }, 'key_unknown'],
  ])('%j is refused', async (header, reason) => {
    expect(await outcome(signedNative({ header }))).toBe(reason);
  });

  it('typ JWT is refused of the native issuer, which types its access tokens', async () => {
    expect(await outcome(signedNative({ header: { typ: 'JWT' } }))).toBe('type');
  });

  it.each(['logout+jwt', 'dpop+jwt', undefined])('typ %s is refused of Keycloak', async (typ) => {
    expect(await outcome(signedKeycloak({ header: { typ } }))).toBe('type');
  });
});

describe('the issuer', () => {
  it('alone says which key counts: the other issuer’s key is no good, under either kid', async () => {
    expect(await outcome(signToken(native(), keycloakKey))).toBe('signature');
    expect(await outcome(signToken(native({ header: { kid: keycloakKey.kid } }), keycloakKey))).toBe(
      'key_unknown',
    );
    expect(await outcome(signToken(keycloak(), nativeKey))).toBe('signature');
    expect(await outcome(signToken(keycloak({ header: { kid: nativeKey.kid } }), nativeKey))).toBe(
      'key_unknown',
    );
  });

  it('a stranger’s key under a known kid is no good', async () => {
    expect(await outcome(signToken(native(), strangerKey))).toBe('signature');
  });

  it.each([
    `${KEYCLOAK}/`,
    KEYCLOAK.toUpperCase(),
    'https://KEYCLOAK.example.com/realms/myrealm',
    'http://keycloak.example.com/realms/myrealm',
    'https://keycloak.example.com:443/realms/myrealm',
    'https://user@keycloak.example.com/realms/myrealm',
    'https://keycloak.example.com/realms/other',
    'https://keycloak.example.com/realms/myrealm/../myrealm',
    'https://keycloak.example.com/realms/myrealm?',
    `${KEYCLOAK} `,
    `${KEYCLOAK}\0`,
    'https://stage.example.com/realms/myrealm',
    '__proto__',
    '',
    null,
    undefined,
    [KEYCLOAK],
    { toString: KEYCLOAK },
    1,
  ])('%j is not trusted', async (iss) => {
    expect(await outcome(signedKeycloak({ claims: { iss } }))).toBe('issuer_unknown');
  });
});

describe('the audience', () => {
  it.each([
    'account',
    ['account'],
    'user-servic',
    'user-service-2',
    'user-service ',
    'USER-SERVICE',
    'user-service,account',
    [['user-service']],
    [{ 0: 'user-service' }],
    { 'user-service': true },
    [],
    '',
    null,
    undefined,
    true,
    NATIVE_AUDIENCE,
  ])('%j is refused', async (aud) => {
    expect(await outcome(signedKeycloak({ claims: { aud } }))).toBe('audience');
  });

  it('of a sibling service or environment is refused', async () => {
    expect(await outcome(signedNative({ claims: { aud: 'https://stage.example.com' } }))).toBe('audience');
  });
});

describe('the use of a Keycloak token', () => {
  it.each(['ID', 'Refresh', 'Offline', 'Logout', 'bearer', 'Bearer ', ['Bearer'], '', null, undefined])(
    '%j is refused',
    async (typ) => {
      expect(await outcome(signedKeycloak({ claims: { typ } }))).toBe('token_use');
    },
  );
});

describe('the times', () => {
  it.each<[Members, string]>([
    [{ exp: undefined }, 'expiry'],
    [{ exp: null }, 'expiry'],
    [{ exp: String(NOW + 60) }, 'expiry'],
    [{ exp: [NOW + 60] }, 'expiry'],
    [{ exp: true }, 'expiry'],
    [{ exp: 1e308 }, 'lifetime'],
    [{ exp: (NOW + 60) * 1_000 }, 'lifetime'],
    [{ exp: NOW + 10 * 365 * DAY }, 'lifetime'],
    [{ exp: NOW + 7 * DAY }, 'accepted'],
    [{ exp: NOW + 7 * DAY + 1 }, 'lifetime'],
    [{ exp: NOW - 29, iat: NOW - 60 }, 'accepted'],
    [{ exp: NOW - 30, iat: NOW - 60 }, 'expired'],
    [{ exp: 0, iat: 0 }, 'expired'],
    [{ exp: -1 }, 'expired'],
    [{ nbf: NOW + 30 }, 'accepted'],
    [{ nbf: NOW + 31 }, 'not_before'],
    [{ nbf: null }, 'not_before'],
    [{ nbf: String(NOW) }, 'not_before'],
    [{ iat: NOW + 30 }, 'accepted'],
    [{ iat: NOW + 31 }, 'issued_at'],
    [{ iat: NOW + 20, exp: NOW + 10 }, 'issued_at'],
    [{ iat: undefined }, 'issued_at'],
    [{ iat: null }, 'issued_at'],
    [{ iat: String(NOW) }, 'issued_at'],
    [{ iat: 0 }, 'lifetime'],
    [{ iat: -1e308 }, 'lifetime'],
  ])('of a native token: %j', async (claims, reason) => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW * 1_000 });
    expect(await outcome(signedNative({ claims: { iat: NOW, exp: NOW + 60, ...claims } }))).toBe(reason);
  });

  it('a number too large for a double is no time', async () => {
    const { header, claims } = native();
    const text = JSON.stringify({ ...claims, exp: 0 }).replace('"exp":0', '"exp":1e999');
    expect(await outcome(signToken({ header, claims: text }, nativeKey))).toBe('expiry');
  });

  it('a Keycloak token lives for 30 days at most', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW * 1_000 });
    const living = (seconds: number) => signedKeycloak({ claims: { iat: NOW, exp: NOW + seconds } });
    expect(await outcome(living(30 * DAY))).toBe('accepted');
    expect(await outcome(living(30 * DAY + 1))).toBe('lifetime');
  });
});

describe('the subject', () => {
  it.each([
    undefined,
    null,
    '',
    ' ',
    '\t \u00a0',
    0,
    1,
    true,
    {},
    [],
    ['alice'],
    { sub: 'alice' },
    'a\0b',
    '\0',
    'a\nb',
    'a\u007fb',
    'a\u0085b',
    'a\ud800',
    '\udc00b',
    's'.repeat(256),
    's'.repeat(3_000),
  ])('%j is refused', async (sub) => {
    expect(await outcome(signedKeycloak({ claims: { sub } }))).toBe('subject');
    expect(await outcome(signedNative({ claims: { sub } }))).toBe('subject');
  });
});

describe('a name that stands twice', () => {
  const { header, claims } = native();
  const first = (member: string, object: Members) => JSON.stringify(object).replace('{', `{${member},`);
  const last = (member: string, object: Members) => JSON.stringify(object).replace(/}$/, `,${member}}`);

  it('has its last value, everywhere', async () => {
    const token = signToken({ header, claims: first('"sub":"mallory"', claims) }, nativeKey);
    expect((await verify(token)).subject).toBe(claims.sub);
    const other = signToken({ header, claims: last('"sub":"mallory"', claims) }, nativeKey);
    expect((await verify(other)).subject).toBe('mallory');
  });

  it.each<[string, string, string]>([
    ['header', '"alg":"none"', 'algorithm'],
    ['header', '"kid":"other"', 'key_unknown'],
    ['claims', '"iss":"https://evil.example.com"', 'issuer_unknown'],
    ['claims', '"aud":"other"', 'audience'],
    ['claims', '"exp":1', 'expired'],
  ])('in the %s: %s', async (part, member, reason) => {
    const bad = { header, claims, [part]: last(member, part === 'header' ? header : claims) };
    const good = { header, claims, [part]: first(member, part === 'header' ? header : claims) };
    expect(await outcome(signToken(bad, nativeKey))).toBe(reason);
    expect(await outcome(signToken(good, nativeKey))).toBe('accepted');
  });

  it('written with escapes is the same name', async () => {
    const token = signToken({ header, claims: last('"\\u0061ud":"other"', claims) }, nativeKey);
    expect(await outcome(token)).toBe('audience');
  });
});

describe('the form', () => {
  const good = signedNative();
  const [header, payload, signature] = good.split('.') as [string, string, string];

  it.each<[string, string]>([
    ['one part', header],
    ['two parts', `${header}.${payload}`],
    ['four parts', `${good}.${signature}`],
    ['five parts', `${good}.${payload}.${signature}`],
    ['no header', `.${payload}.${signature}`],
    ['no payload', `${header}..${signature}`],
    ['no signature', `${header}.${payload}.`],
    ['dots alone', '..'],
    ['JSON serialization', JSON.stringify({ payload, protected: header, signature })],
    ['a padded header', `${header}=.${payload}.${signature}`],
    ['a padded signature', `${good}==`],
    ['a line break at the end', `${good}\n`],
    ['plain base64', `${header}.${payload}.${signature.replace(/[-_]/g, '+')}+/`],
    ['a character outside of the alphabet', `${header}.${payload}.${signature.slice(1)}!`],
    ['a percent-encoded dot', good.replace('.', '%2e')],
  ])('%s is refused', async (_name, token) => {
    expect(['malformed', 'credentials_malformed']).toContain(await outcome(token));
  });

  it.each<[string, string]>([
    ['an array', '[]'],
    ['null', 'null'],
    ['a number', '1'],
    ['text', '"alg"'],
    ['no JSON', '{'],
    ['nothing but space', ' '],
    ['JSON after a byte order mark', `\ufeff${JSON.stringify(native().header)}`],
    ['JSON with something after it', `${JSON.stringify(native().header)}{}`],
    ['JSON with single quotes', "{'alg':'RS256'}"],
  ])('%s in place of an object is refused', async (_name, text) => {
    expect(await outcome(signToken({ header: text, claims: native().claims }, nativeKey))).toBe('malformed');
    expect(await outcome(signToken({ header: native().header, claims: text }, nativeKey))).toBe('malformed');
  });

  it('bytes that are no UTF-8 are refused', async () => {
    const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    const input = `${header}.${bytes.toString('base64url')}`;
    const signed = `${input}.${sign('sha256', Buffer.from(input), nativeKey.privateKey).toString('base64url')}`;
    expect(await outcome(signed)).toBe('malformed');
  });

  it('of one token is one: a change of any single character is refused', async () => {
    const swap = (char: string) => (char === '.' ? 'A' : char === 'A' ? 'B' : 'A');
    for (let index = 0; index < good.length; index++) {
      const changed = good.slice(0, index) + swap(good[index] as string) + good.slice(index + 1);
      expect(await outcome(changed), `character ${index}`).not.toBe('accepted');
    }
  });

  it('a last character whose spare bits are set is refused', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    // 256 bytes end in a character of which four bits are spare.
    const lastIndex = alphabet.indexOf(signature.at(-1) as string);
    expect(lastIndex % 16).toBe(0);
    for (let spare = 1; spare < 16; spare++) {
      expect(await outcome(good.slice(0, -1) + alphabet[lastIndex + spare])).toBe('malformed');
    }
  });

  it('a token cut short anywhere is refused', async () => {
    for (let length = 1; length < good.length; length += 7) {
      expect(await outcome(good.slice(0, length)), `${length} characters`).not.toBe('accepted');
    }
  });
});

describe('claims that nobody asked for', () => {
  it('have no effect in a Keycloak token: neither `role` and `permissions` nor prototypes', async () => {
    const { header, claims } = keycloak({ claims: { role: 'admin', permissions: ['*'], roles: ['admin'] } });
    const hostile = JSON.stringify(claims).replace(
      '{',
      '{"__proto__":{"sub":"mallory","realm_access":{"roles":["helpdesk"]}},"constructor":{"prototype":{"a":1}},',
    );
    const token = await verify(signToken({ header, claims: hostile }, keycloakKey));
    expect(token.subject).toBe(claims.sub);
    expect(token.roles).toEqual(['support']);
    expect(token.permissions).toEqual([]);
    expect(Object.hasOwn(token, '__proto__')).toBe(false);
    expect(({} as Members).sub).toBeUndefined();
  });

  it('are not found on a prototype where they are missing', async () => {
    const { header, claims } = keycloak({ claims: without('sub', 'realm_access') });
    const text = JSON.stringify(claims).replace('{', '{"__proto__":{"sub":"mallory"},');
    expect(await outcome(signToken({ header, claims: text }, keycloakKey))).toBe('subject');
  });
});

it('verifies while the thread pool is full', async () => {
  let busy = 0;
  const token = signedNative({ claims: { jti: 'never seen before' } });
  const jobs = Array.from({ length: 8 }, () => {
    busy++;
    return new Promise<void>((resolve) =>
      pbkdf2('password', 'salt', 100_000, 64, 'sha512', () => {
        busy--;
        resolve();
      }),
    );
  });
  await verify(token);
  expect(busy).toBe(8);
  await Promise.all(jobs);
});

it('holds two applications in one process apart', async () => {
  const issuer = { issuer: NATIVE, audience: NATIVE_AUDIENCE, maxLifetimeSeconds: DAY, jwksUrl: null };
  const second = await Test.createTestingModule({
    imports: [
      AuthModule.forRoot({
        issuers: { useFactory: () => [nativeIssuer({ ...issuer, keys: [strangerKey] })] },
      }),
    ],
  }).compile();
  await second.init();
  expect(await outcome(signedNative({ claims: { jti: 'first' } }))).toBe('accepted');
  expect(await outcome(signToken(native(), strangerKey))).toBe('signature');
  await second.close();
  expect(await outcome(signedNative({ claims: { jti: 'second' } }))).toBe('accepted');
});
