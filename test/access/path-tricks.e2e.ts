import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Exchange, exchange, request } from '../support/raw-http.js';
import { type AppsUnderTest, startAppsUnderTest } from './apps-under-test.js';

let apps: AppsUnderTest;
/** The Authorization header of a caller without permissions. */
let withoutPermissions: string;

beforeAll(async () => {
  apps = await startAppsUnderTest();
  withoutPermissions = `Authorization: Bearer ${(await apps.idp.signIn([])).api.token}`;
});
afterAll(() => apps?.close());

const only = ({ answers }: Exchange) => {
  expect(answers).toHaveLength(1);
  return answers[0] as Exchange['answers'][number];
};

/** Spellings of a path that needs a permission: none may bypass the guard. */
const SPELLINGS = (path: string): string[] => {
  const last = path.lastIndexOf('/') + 1;
  const name = path.slice(last);
  const parent = path.slice(0, last);
  const encoded = `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
  return [
    `/${path}`,
    `${parent}/${name}`,
    `${parent}${encoded}`,
    `${parent}%25${encoded.slice(1)}`,
    `${path};x`,
    `${path};jsessionid=1`,
    `${path}/`,
    `${path}//`,
    `${path}/.`,
    `${path}/..`,
    `${path}%2f`,
    `${path}%20`,
    `${path}%00`,
    `${path}%0a`,
    `${path}.json`,
    `${path}?`,
    `${path}?/health`,
    `${path}#/health`,
    path.toUpperCase(),
    `${parent}${name[0]?.toUpperCase()}${name.slice(1)}`,
    `${parent}x/..%2f${name}`,
    `${parent}x/../${name}`,
    `${parent}./${name}`,
    `${parent}%2e/${name}`,
    `${parent}x%2f..%2f${name}`,
    `/health/..%2f${path.slice(1)}`,
    `/health/../${path.slice(1)}`,
    `\\${path}`,
    path.replaceAll('/', '\\'),
    `http://localhost${path}`,
    `http://localhost//${path}`,
    `*`,
  ];
};

describe.each([
  ['/api/v1/accounts', () => apps.idp.directUrl],
  ['/api/v1/roles', () => apps.idp.directUrl],
  ['/users', () => apps.service.directUrl],
] as const)('%s', (path, url) => {
  it.each(SPELLINGS(path))('as %s has the same guard or does not exist', async (spelling) => {
    const anonymous = only(await exchange(url(), request(`GET ${spelling}`)));
    expect([400, 401, 404]).toContain(anonymous.status);
    const signedIn = only(await exchange(url(), request(`GET ${spelling}`, [withoutPermissions])));
    expect([400, 403, 404]).toContain(signedIn.status);
    expect(signedIn.status === 403).toBe(anonymous.status === 401);
    for (const { body } of [anonymous, signedIn]) expect(JSON.parse(body).data).toBeNull();
  });

  it.each(['HEAD', 'OPTIONS', 'TRACE', 'CONNECT', 'PUT', 'LINK', 'PROPFIND', 'get', 'DEBUG', 'QUERY'])(
    'returns no data with method %s',
    async (method) => {
      const target = method === 'CONNECT' ? 'localhost:443' : path;
      const { answers, closed } = await exchange(url(), request(`${method} ${target}`));
      for (const { status, body, headers } of answers) {
        expect([400, 401, 404, 405]).toContain(status);
        if (method === 'HEAD') expect(body).toBe('');
        else expect(JSON.parse(body).data).toBeNull();
        if (status === 405) expect(headers['allow']).toMatch(/^[A-Z, ]+$/);
      }
      expect(answers.length === 1 || closed).toBe(true);
    },
  );

  it.each([
    'X-HTTP-Method-Override: GET',
    'X-HTTP-Method: GET',
    'X-Method-Override: GET',
    'X-Original-URL: /health',
    'X-Rewrite-URL: /health',
    'X-Forwarded-Path: /health',
    'X-Forwarded-Prefix: /health',
    'X-Forwarded-For: 127.0.0.1',
    'X-Real-IP: 127.0.0.1',
    'Forwarded: for=127.0.0.1;host=localhost',
    'X-Forwarded-User: admin',
    'X-Remote-User: admin',
    'X-Internal: true',
  ])('is the same route with header %s', async (header) => {
    expect(only(await exchange(url(), request(`GET ${path}`, [header]))).status).toBe(401);
    expect(only(await exchange(url(), request(`GET ${path}`, [header, withoutPermissions]))).status).toBe(
      403,
    );
  });
});

it('a header or a parameter cannot change the method', async () => {
  const { account, api } = await apps.idp.signIn(['accounts:read', 'accounts:delete']);
  const target = (await apps.idp.signIn([])).account;
  const headers = [`Authorization: Bearer ${api.token}`, 'X-HTTP-Method-Override: DELETE'];
  const path = `/api/v1/accounts/${target.id}`;
  expect(only(await exchange(apps.idp.directUrl, request(`GET ${path}`, headers))).status).toBe(200);
  const tricked = only(await exchange(apps.idp.directUrl, request(`GET ${path}?_method=DELETE`, headers)));
  expect(tricked.status).toBe(422);
  expect((await api.get(`/accounts/${target.id}`)).status).toBe(200);
  expect((await api.get(`/accounts/${account.id}`)).status).toBe(200);
});

describe('a path of the internal port', () => {
  it.each([
    '/metrics',
    '/health',
    '/health/ready',
    '/users/username/ada',
    '/users/batch',
    '//metrics',
    '/%6detrics',
  ])('%s does not exist on the public port', async (path) => {
    for (const headers of [
      [],
      ['Host: 127.0.0.1:3001'],
      ['X-Forwarded-Host: internal', 'X-Forwarded-Port: 3001'],
    ]) {
      const { status } = only(await exchange(apps.service.directUrl, request(`GET ${path}`, headers)));
      // `/users/batch` is `/users/:id`, whose guard comes first.
      expect([401, 404, 400]).toContain(status);
    }
  });

  it.each([
    '/users',
    '/users/me',
    '/users/me/settings',
    '/docs',
    '/openapi.json',
    '//users/me',
    '/api/v1/accounts',
  ])('and %s of the public port does not exist on the internal port', async (path) => {
    const { status } = only(
      await exchange(apps.service.internal.url, request(`GET ${path}`, [withoutPermissions])),
    );
    expect(status).toBe(404);
  });
});

describe('a token', () => {
  const token = async () => (await apps.idp.signIn(['accounts:read'])).api.token as string;
  const send = async (path: string, headers: string[], body?: string) => {
    const more =
      body === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`];
    return only(await exchange(apps.idp.directUrl, request(path, [...headers, ...more], body)));
  };

  it('is accepted in the Authorization header only', async () => {
    const good = await token();
    const body = JSON.stringify({ access_token: good, token: good });
    for (const [line, headers, sent] of [
      [`GET /api/v1/accounts?access_token=${good}`, []],
      ['GET /api/v1/accounts', [`Cookie: access_token=${good}; token=${good}`]],
      ['GET /api/v1/accounts', [`X-Access-Token: ${good}`]],
      ['GET /api/v1/accounts', [`Proxy-Authorization: Bearer ${good}`]],
      ['POST /api/v1/accounts', [], body],
    ] as [string, string[], string?][]) {
      const { status, headers: received } = await send(line, headers, sent);
      expect([line.slice(0, 25), status, received['www-authenticate']]).toEqual([
        line.slice(0, 25),
        401,
        'Bearer',
      ]);
    }
  });

  it.each([
    ['bearer', 200],
    ['BEARER', 200],
    ['Bearer ', 200],
    ['Basic', 401],
    ['Digest', 401],
    ['Token', 401],
    ['JWT', 401],
    ['', 401],
    ['Bearer,', 401],
    ['Bearer Bearer', 401],
  ])('with the scheme %j: %i', async (scheme, expected) => {
    expect((await send('GET /api/v1/accounts', [`Authorization: ${scheme} ${await token()}`])).status).toBe(
      expected,
    );
  });

  it('is refused in two Authorization headers, in either order', async () => {
    const good = `Authorization: Bearer ${await token()}`;
    for (const headers of [
      [good, good],
      [good, 'Authorization: Basic eA=='],
      ['authorization: x', good],
    ]) {
      const { status, headers: received } = await send('GET /api/v1/accounts', headers);
      expect([status, received['www-authenticate']]).toEqual([401, 'Bearer error="invalid_token"']);
    }
  });

  it('gets the same body for every reason', async () => {
    const bodies = [];
    for (const headers of [
      [],
      ['Authorization: Bearer x'],
      ['Authorization: Basic eA=='],
      ['Authorization: '],
    ]) {
      bodies.push((await send('GET /api/v1/accounts', headers)).body);
    }
    expect(new Set(bodies).size).toBe(1);
  });
});
