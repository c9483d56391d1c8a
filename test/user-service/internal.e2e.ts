import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserServiceSettings } from '#libs/config/settings.js';
import { exchange, type RawAnswer } from '../support/raw-http.js';
import { startTestUserService, type TestUserService } from '../support/user-service.js';

let service: TestUserService;
beforeAll(async () => {
  service = await startTestUserService();
});
afterAll(() => service.close());

async function person(): Promise<{ id: string; sub: string; username: string }> {
  return (await service.native().get('/users/me')).data;
}

describe('the two ports', () => {
  it.each(['/health', '/health/live', '/health/ready', '/metrics', '/users/username/ada', '/users/batch'])(
    '%s of the internal port is unknown on the public one',
    async (path) => {
      expect((await service.api.get(path)).status).toBeGreaterThanOrEqual(401);
      expect([401, 404, 405]).toContain((await service.api.get(path)).status);
      expect((await service.native().get(path)).status).not.toBe(200);
    },
  );

  it.each(['/users/me', '/users', '/openapi.json', '/docs', '/users/me/settings'])(
    '%s of the public port is unknown on the internal one',
    async (path) => {
      expect((await service.internal.get(path)).status).toBe(404);
    },
  );

  it('are separated by their sockets, whichever headers a request has', async () => {
    const host = new URL(service.internal.url).host;
    const { status } = await service.api.get('/metrics', {
      host,
      'x-forwarded-host': host,
      'x-original-url': '/metrics',
    });
    expect(status).toBe(404);
  });
});

describe('the pages of the internal port', () => {
  const pages = ['/docs', '/scalar', '/openapi.json'];
  const statuses = async (overrides: Partial<UserServiceSettings>) => {
    const { databaseUrl } = service.settings;
    const other = await startTestUserService({ databaseUrl, ...overrides });
    try {
      const answers = pages.map((path) => fetch(`${other.internal.url}${path}`));
      return (await Promise.all(answers)).map(({ status }) => status);
    } finally {
      await other.close();
    }
  };

  it('exist where DOCS is on', async () => {
    expect(await statuses({ environment: 'development', docs: true })).toEqual([200, 200, 200]);
    expect(await statuses({ environment: 'development', docs: false })).toEqual([404, 404, 404]);
  });

  it('do not exist in production, whether or not DOCS is on', async () => {
    expect(await statuses({ environment: 'production', docs: true })).toEqual([404, 404, 404]);
  });

  it('describe only the internal port', async () => {
    const other = await startTestUserService({ databaseUrl: service.settings.databaseUrl, docs: true });
    try {
      const document = await (await fetch(`${other.internal.url}/openapi.json`)).json();
      expect(Object.keys((document as { paths: object }).paths)).toEqual([
        '/authority',
        '/health',
        '/health/live',
        '/health/ready',
        '/metrics',
        '/users/batch',
        '/users/username/{username}',
      ]);
    } finally {
      await other.close();
    }
  });
});

/** Null: without a `Host` header, as old probes send it. */
async function askAs(host: string | null, path: string, { internal }: TestUserService): Promise<RawAnswer> {
  const lines = host === null ? [`GET ${path} HTTP/1.0`] : [`GET ${path} HTTP/1.1`, `Host: ${host}`];
  const { answers } = await exchange(internal.url, [...lines, 'Connection: close', '', ''].join('\r\n'));
  return answers[0] as RawAnswer;
}

describe('a web page whose own host name points to loopback', () => {
  it.each(['/health', '/health/ready', '/metrics', '/users/username/nobody', '/nowhere'])(
    'is refused at %s',
    async (path) => {
      for (const host of ['evil.example', 'evil.example:3001', '192.0.2.1', 'localhost.evil.example']) {
        const { status, body, headers } = await askAs(host, path, service);
        expect([host, status, JSON.parse(body).errors[0].code]).toEqual([host, 403, 'host_not_allowed']);
        expect(headers['x-request-id']).toMatch(/./);
      }
    },
  );

  it.each(['localhost', 'LOCALHOST:3001', '127.0.0.1:3001', '[::1]:3001', 'localhost.', 'a.localhost', null])(
    'is told from who asks for %s',
    async (host) => {
      expect((await askAs(host, '/health', service)).status).toBe(200);
      expect((await askAs(host, '/users/username/nobody', service)).status).toBe(404);
    },
  );

  it('is not checked on other addresses or with a token: any host name is accepted', async () => {
    const { databaseUrl } = service.settings;
    for (const settings of [{ internalHost: '0.0.0.0' }, { internalApiToken: 'let-me-in-7-please' }]) {
      const other = await startTestUserService({ databaseUrl, ...settings });
      try {
        expect((await askAs('user-service:3001', '/health', other)).status).toBe(200);
      } finally {
        await other.close();
      }
    }
  });
});

describe('GET /users/username/{username}', () => {
  it('finds a known user in upper and lower case', async () => {
    const { id, username } = await person();
    const { status, data } = await service.internal.get(`/users/username/${username.toUpperCase()}`);
    expect([status, data.id]).toEqual([200, id]);
  });

  it('finds users of the given issuer only', async () => {
    const { username } = await person();
    expect((await service.internal.get(`/users/username/${username}?issuer=native`)).status).toBe(200);
    expect((await service.internal.get(`/users/username/${username}?issuer=keycloak`)).status).toBe(404);
    const { status, errors } = await service.internal.get(`/users/username/${username}?issuer=github`);
    expect([status, errors]).toEqual([422, ['issuer invalid_choice']]);
    const both = await service.internal.get(`/users/username/${username}?issuer=github&realm=a`);
    expect([both.status, both.errors]).toEqual([422, ['realm unknown_parameter', 'issuer invalid_choice']]);
  });

  it.each(['nobody', '%', '_', '%25', 'a%00b', '%F0%9F%A6%84', `${'x'.repeat(300)}`, "'--", '..%2f..%2fetc'])(
    '%s is nobody: 404, and no pattern',
    async (name) => {
      const { status, errors } = await service.internal.get(`/users/username/${name.replace(/%$/, '%25')}`);
      expect([status, errors]).toEqual([404, ['- not_found']]);
    },
  );
});

describe('POST /users/batch', () => {
  it('finds users by subject or by id, and leaves out those that do not exist', async () => {
    const people = [await person(), await person()];
    const bySubs = await service.internal.post('/users/batch', {
      subs: [...people.map(({ sub }) => sub), 'nobody'],
    });
    expect(bySubs.data.map(({ id }: { id: string }) => id).sort()).toEqual(people.map(({ id }) => id).sort());
    const byIds = await service.internal.post('/users/batch', { ids: [people[0]?.id, randomUUID()] });
    expect(byIds.data).toEqual([expect.objectContaining({ id: people[0]?.id })]);
  });

  it.each([
    [{}, ['subs exactly_one', 'ids exactly_one']],
    [{ subs: ['a'], ids: [randomUUID()] }, ['subs exactly_one', 'ids exactly_one']],
    [{ subs: [] }, ['subs too_few']],
    [{ subs: Array(101).fill('a') }, ['subs too_many']],
    [{ ids: Array(101).fill(randomUUID()) }, ['ids too_many']],
    [{ subs: ['a', 7, '', 'a\0'] }, ['subs[1] invalid_sub', 'subs[2] invalid_sub', 'subs[3] invalid_sub']],
    [{ ids: [randomUUID(), 'x'] }, ['ids[1] invalid_id']],
    [{ subs: 'a' }, ['subs array_expected']],
    [{ usernames: ['a'] }, ['usernames unknown_field']],
  ])('refuses %j: 422', async (body, expected) => {
    const { status, errors } = await service.internal.post('/users/batch', body);
    expect([status, errors]).toEqual([422, expected]);
  });
});

describe('health and metrics', () => {
  it('show the database, and Keycloak where it is on', async () => {
    for (const path of ['/health', '/health/ready', '/health/live']) {
      const { status, data } = await service.internal.get(path);
      expect([status, data]).toEqual([200, { status: 'ok', checks: { database: 'ok', keycloak: 'off' } }]);
    }
  });

  it('are text for Prometheus with the counters of this process', async () => {
    await person();
    const response = await fetch(`${service.internal.url}/metrics`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    const text = await response.text();
    expect(text).toMatch(
      /twinkey_http_request_duration_seconds_count\{[^}]*route="\/users\/me",status="200"\} [1-9]/,
    );
    expect(text).toMatch(/^process_resident_memory_bytes /m);
  });
});

describe('INTERNAL_API_TOKEN', () => {
  let guarded: TestUserService;
  beforeAll(async () => {
    guarded = await startTestUserService({
      databaseUrl: service.settings.databaseUrl,
      internalApiToken: 'let-me-in-7',
    });
  });
  afterAll(() => guarded.close());

  it('is required on every route except the probes', async () => {
    for (const path of ['/users/username/ada', '/metrics']) {
      const bare = await guarded.internal.get(path);
      expect([bare.status, bare.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      const wrong = await guarded.internal.as('let-me-in-8').get(path);
      expect([wrong.status, wrong.headers.get('www-authenticate')]).toEqual([
        401,
        'Bearer error="invalid_token"',
      ]);
    }
    for (const path of ['/health', '/health/live', '/health/ready']) {
      expect((await guarded.internal.get(path)).status).toBe(200);
    }
  });

  it('is accepted as bearer token', async () => {
    expect((await guarded.internal.as('let-me-in-7').get('/users/username/ada')).status).toBe(404);
  });

  it('is not accepted on the public port', async () => {
    expect((await guarded.api.as('let-me-in-7').get('/users/me')).status).toBe(401);
  });
});
