import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchange, type RawAnswer, request } from '../support/raw-http.js';
import { startWireApp, type WireApp } from '../support/wire-app.js';

const ORIGIN = 'https://app.example.com';
const ID = '/things/01980f5e-7a3b-7c41-9d52-6f8e1b2c3d4e';

let app: WireApp;
beforeAll(async () => {
  app = await startWireApp({ cors: { origins: [ORIGIN], localhost: false } });
});
afterAll(() => app?.close());

async function ask(line: string, headers: string[] = [], body = ''): Promise<RawAnswer> {
  const { answers } = await exchange(app.url, request(line, headers, body));
  expect(answers).toHaveLength(1);
  return answers[0] as RawAnswer;
}

describe('X-Request-Id', () => {
  it.each(['a', 'A-z_0.9', '01980f5e-7a3b-7c41-9d52-6f8e1b2c3d4e', 'x'.repeat(128)])(
    'of the request is returned: %s',
    async (id) => {
      expect((await ask('GET /things', [`X-Request-Id: ${id}`])).headers['x-request-id']).toBe(id);
    },
  );

  it.each([
    ['is too long', `X-Request-Id: ${'x'.repeat(129)}`],
    ['is 9 kB', `X-Request-Id: ${'x'.repeat(9_000)}`],
    ['is empty', 'X-Request-Id: '],
    ['has a space', 'X-Request-Id: a b'],
    ['has markup', 'X-Request-Id: <script>'],
    ['is JSON', 'X-Request-Id: {"a":1}'],
    ['has a path', 'X-Request-Id: ../../etc'],
    ['has control characters', 'X-Request-Id: a\tb'],
    ['has bytes beyond ASCII', 'X-Request-Id: a\xe9b'],
    ['is sent twice', 'X-Request-Id: a\r\nX-Request-Id: b'],
  ])('is replaced if it %s', async (_, header) => {
    const { headers, count, status } = await ask('GET /things', [header]);
    expect([status, count('x-request-id')]).toEqual([200, 1]);
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is different for each request', async () => {
    const ids = await Promise.all(
      [1, 2, 3].map(async () => (await ask('GET /things')).headers['x-request-id']),
    );
    expect(new Set(ids).size).toBe(3);
  });

  it.each(['GET /nowhere', 'GET /failures/string', 'POST /things', 'DELETE /things', 'GET /things/%zz'])(
    'is also returned with an error: %s',
    async (line) => {
      expect((await ask(line, ['X-Request-Id: mine', 'Content-Length: 0'])).headers['x-request-id']).toBe(
        'mine',
      );
    },
  );
});

describe('every response', () => {
  it.each([
    'GET /things',
    'GET /nowhere',
    'OPTIONS /things',
    'HEAD /things',
    'GET /failures/string',
    `GET ${ID}`,
  ])('forbids sniffing, framing and caching: %s', async (line) => {
    const { headers } = await ask(line);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    for (const name of ['x-powered-by', 'server', 'strict-transport-security', 'set-cookie']) {
      expect(headers).not.toHaveProperty(name);
    }
  });
});

describe('CORS', () => {
  const allowed = async (origin: string, line = 'GET /things') => {
    const { headers } = await ask(line, [`Origin: ${origin}`]);
    expect(headers['vary']).toMatch(/\borigin\b/i);
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
    return headers['access-control-allow-origin'];
  };

  it.each([
    'null',
    'https://evil.example.com',
    'https://app.example.com.evil.example',
    'https://evil-app.example.com',
    'https://x.app.example.com',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://app.example.com/',
    'https://APP.example.com',
    'https://app.example.com@evil.example',
    'https://app.example.com%60.evil.example',
    'http://localhost:3000',
    'file://',
    '*',
  ])('does not allow %s', async (origin) => {
    expect(await allowed(origin)).toBeUndefined();
    expect(await allowed(origin, 'OPTIONS /things')).toBeUndefined();
  });

  it('allows the exact origin, also for errors', async () => {
    for (const line of ['GET /things', 'GET /nowhere', 'GET /failures/string', 'DELETE /things']) {
      expect([line, await allowed(ORIGIN, line)]).toEqual([line, ORIGIN]);
    }
  });

  it('responds to a preflight without a body', async () => {
    const { status, body, headers } = await ask('OPTIONS /things', [
      `Origin: ${ORIGIN}`,
      'Access-Control-Request-Method: PUT',
      'Access-Control-Request-Headers: authorization, content-type, if-match',
    ]);
    expect([status, body]).toEqual([204, '']);
    expect(headers).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-methods': expect.stringContaining('PUT'),
      'access-control-allow-headers': expect.stringMatching(/authorization.*content-type.*if-match/i),
      'access-control-max-age': '600',
    });
  });

  it('exposes the headers that scripts need', async () => {
    const exposed = (await ask('GET /things', [`Origin: ${ORIGIN}`])).headers[
      'access-control-expose-headers'
    ];
    for (const name of ['ETag', 'Location', 'Retry-After', 'X-Request-Id']) expect(exposed).toContain(name);
  });

  it('allows localhost on any port if this is enabled', async () => {
    const development = await startWireApp({ cors: { origins: [], localhost: true } });
    const allowedOrigin = async (origin: string) =>
      (await exchange(development.url, request('GET /things', [`Origin: ${origin}`]))).answers[0]?.headers[
        'access-control-allow-origin'
      ];
    for (const origin of [
      'http://localhost:5173',
      'http://127.0.0.1:3000',
      'http://[::1]:1',
      'http://localhost',
    ]) {
      expect(await allowedOrigin(origin)).toBe(origin);
    }
    for (const origin of [
      'http://localhost.evil.example',
      'http://localhost:1@evil.example',
      'http://127.0.0.1.nip.io',
    ]) {
      expect(await allowedOrigin(origin)).toBeUndefined();
    }
    await development.close();
  });
});

describe('conditional requests', () => {
  it.each(['"3"', 'W/"3"', '*', '"1", "3"', '"1",W/"3"'])(
    'If-None-Match: %s is 304 without a body',
    async (tag) => {
      const { status, body, headers } = await ask(`GET ${ID}`, [`If-None-Match: ${tag}`]);
      expect([status, body, headers['etag']]).toEqual([304, '', '"3"']);
      expect(headers).not.toHaveProperty('content-type');
    },
  );

  it.each(['"2"', '3', '"33"', "'3'", '""', '"3', 'w/"3"'])('If-None-Match: %s is 200', async (tag) => {
    expect((await ask(`GET ${ID}`, [`If-None-Match: ${tag}`])).status).toBe(200);
  });

  const change = (ifMatch: string[]) =>
    ask(`PATCH ${ID}`, ['Content-Type: application/json', 'Content-Length: 2', ...ifMatch], '{}');

  it.each([[[]], [['If-Match: "3"']], [['If-Match: *']], [['If-Match: "1", "3"']]])(
    'a change with %j is accepted',
    async (headers) => {
      const { status, headers: responseHeaders } = await change(headers);
      expect([status, responseHeaders['etag']]).toEqual([200, '"4"']);
    },
  );

  it.each(['"2"', 'W/"3"', '3', '""', ''])('a change with If-Match: %s is 412', async (tag) => {
    const { status, body, headers } = await change([`If-Match: ${tag}`]);
    expect([status, JSON.parse(body).errors[0].code]).toEqual([412, 'precondition_failed']);
    expect(headers).not.toHaveProperty('etag');
  });

  it('HEAD is GET without a body', async () => {
    for (const path of ['/things', ID, '/nowhere', '/failures/string']) {
      const [get, head] = [await ask(`GET ${path}`), await ask(`HEAD ${path}`)];
      expect([path, head.status, head.headers['etag'], head.headers['content-type']]).toEqual([
        path,
        get.status,
        get.headers['etag'],
        get.headers['content-type'],
      ]);
    }
  });

  it('201 has a Location without a host', async () => {
    const { status, headers } = await ask(
      'POST /things',
      ['Content-Type: application/json', 'Content-Length: 2', 'X-Forwarded-Host: evil.example.com'],
      '{}',
    );
    expect([status, headers['location']]).toEqual([201, '/things/1']);
  });
});
