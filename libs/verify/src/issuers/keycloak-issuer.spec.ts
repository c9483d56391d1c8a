import { describe, expect, it } from 'vitest';
import { keycloakToken, type Members } from '../testing/tokens.js';
import { keycloakIssuer } from './keycloak-issuer.js';
import { TrustedIssuers } from './trusted-issuers.js';

const ISSUER = 'https://keycloak.example.com/realms/myrealm';
const options = { url: 'https://keycloak.example.com', realm: 'myrealm', audience: 'user-service' };
const issuer = keycloakIssuer({
  ...options,
  roleMap: new Map([
    ['helpdesk', 'support'],
    ['desk', 'support'],
    ['idp-admin', 'admin'],
  ]),
});
const read = (claims: Members) =>
  issuer.read({ ...keycloakToken(ISSUER, 'user-service', 'k').claims, ...claims }, 1_800_000_000);

describe('the id', () => {
  it('is `keycloak`, or the one that is given', () => {
    expect(keycloakIssuer(options).id).toBe('keycloak');
    expect(keycloakIssuer({ ...options, id: 'partners' })).toMatchObject({
      id: 'partners',
      kind: 'keycloak',
    });
  });

  it('belongs to one trusted issuer only', () => {
    const other = { ...options, realm: 'myrealm-2' };
    const trust = (id: string) =>
      new TrustedIssuers([keycloakIssuer(options), keycloakIssuer({ ...other, id })]);
    expect(() => trust('keycloak')).toThrow('id');
    expect(() => trust('partners')).not.toThrow();
  });
});

describe('the options', () => {
  it('name the issuer by the URL that browsers use, with the realm as Keycloak encodes it', () => {
    expect(issuer.iss).toBe(ISSUER);
    const spaced = keycloakIssuer({ ...options, url: 'https://sso.example.com/auth/', realm: 'my realm' });
    expect(spaced.iss).toBe('https://sso.example.com/auth/realms/my%20realm');
  });

  it.each([
    { url: 'keycloak.example.com' },
    { url: 'ftp://keycloak.example.com' },
    { url: 'https://user:password@keycloak.example.com' },
    { internalUrl: '' },
    { realm: '' },
    { audience: '' },
    { audience: undefined as unknown as string },
  ])('%j are refused', (change) => {
    expect(() => keycloakIssuer({ ...options, ...change })).toThrow(Object.keys(change)[0]);
  });

  it('can have the role map as an object', () => {
    const roleMap = { helpdesk: 'support' };
    const { roles } = keycloakIssuer({ ...options, roleMap }).read(
      { realm_access: { roles: ['helpdesk', 'constructor', '__proto__'] } },
      1_800_000_000,
    );
    expect(roles).toEqual(['support']);
  });
});

describe('realm roles', () => {
  it('become Twinkey roles only by the role map, as a union', () => {
    const { roles } = read({ realm_access: { roles: ['desk', 'admin', 'helpdesk', 'idp-admin', 'desk'] } });
    expect(roles).toEqual(['support', 'admin']);
  });

  it.each([
    undefined,
    null,
    'idp-admin',
    ['idp-admin'],
    {},
    { roles: null },
    { roles: 'idp-admin' },
    { roles: { 0: 'idp-admin', length: 1 } },
    { roles: [['idp-admin'], { name: 'idp-admin' }, 1, null] },
    { roles: ['__proto__', 'constructor', 'IDP-ADMIN', 'idp-admin '] },
    JSON.parse('{"__proto__":{"roles":["idp-admin"]}}'),
  ])('%j grant nothing', (realm_access) => {
    expect(read({ realm_access }).roles).toEqual([]);
  });

  it('are neither the roles of a client nor other claims', () => {
    const claims = {
      realm_access: undefined,
      resource_access: { realm: { roles: ['idp-admin'] } },
      groups: ['idp-admin'],
    };
    expect(read({ ...claims, role: 'admin', permissions: ['*'] })).toMatchObject({
      roles: [],
      permissions: [],
    });
  });
});

describe('a service account', () => {
  it.each<[string, Members]>([
    [
      'by its username',
      { preferred_username: 'service-account-robot', azp: 'robot', client_id: 'robot', sid: undefined },
    ],
    [
      'with a session, where it gets refresh tokens',
      { preferred_username: 'service-account-robot', azp: 'robot', client_id: 'robot' },
    ],
    [
      'whose client’s id has capitals',
      { preferred_username: 'service-account-robot', azp: 'Robot', client_id: 'Robot' },
    ],
    [
      'by a username without a session',
      { preferred_username: 'service-account-robot', azp: undefined, sid: undefined },
    ],
    [
      'in a lightweight token, by the grant',
      { preferred_username: undefined, jti: 'trltcc:f95d8361-6bfc-912f' },
    ],
  ])('is told %s', (_name, claims) => {
    expect(read(claims).kind).toBe('service');
  });

  it.each<[string, Members]>([
    ['of any username', { preferred_username: 'my-service-account-' }],
    ['who registered under the name of one', { preferred_username: 'service-account-frontend' }],
    ['who registered under the name of another', { preferred_username: 'service-account-robot' }],
    [
      'who did, with a client that puts its id into the token',
      { preferred_username: 'service-account-robot', client_id: 'frontend' },
    ],
    ['whose client puts its id into the token, as RFC 9068 has it', { client_id: 'frontend' }],
    ['without a username', { preferred_username: undefined }],
    ['without username, session and id', { preferred_username: undefined, sid: undefined, jti: undefined }],
  ])('is no person %s', (_name, claims) => {
    expect(read(claims).kind).toBe('person');
  });
});

it.each<[string, boolean, Members]>([
  ['a username', true, { preferred_username: 'alice' }],
  ['no username', false, { preferred_username: undefined }],
  ['a username that may be a service account’s', false, { preferred_username: 'service-account-frontend' }],
])('a token with %s names a person: %s', (_name, expected, claims) => {
  expect(read(claims).namesPerson).toBe(expected);
});

it.each([null, 1, true, {}, ['alice'], '', 'a\0b', 'a\ud800', 'x'.repeat(256)])(
  'a text claim that is %j counts as absent',
  (value) => {
    const names = ['preferred_username', 'email', 'given_name', 'family_name', 'jti', 'sid', 'azp'];
    expect(read(Object.fromEntries(names.map((name) => [name, value])))).toMatchObject({
      username: undefined,
      email: undefined,
      firstName: undefined,
      lastName: undefined,
      tokenId: null,
      sessionId: null,
      clientId: null,
    });
  },
);
