import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchange, type RawAnswer, request } from '../support/raw-http.js';
import { INSIDE, startWireApp, type WireApp } from '../support/wire-app.js';

let app: WireApp;
beforeAll(async () => {
  app = await startWireApp({ cors: { origins: [], localhost: false } });
});
afterAll(() => app?.close());

async function ask(text: string | (string | Buffer)[]): Promise<RawAnswer> {
  const { answers } = await exchange(app.url, text);
  expect(answers).toHaveLength(1);
  return answers[0] as RawAnswer;
}

const post = (body: string, ...headers: string[]) =>
  request('POST /things', [`Content-Length: ${body.length}`, ...headers], body);
const JSON_TYPE = 'Content-Type: application/json';

/** Checks what is the same for every error. */
function expectEnvelope(answer: RawAnswer, status: number, code: string): void {
  const body = JSON.parse(answer.body);
  expect(Object.keys(body)).toEqual(['status', 'code', 'message', 'data', 'errors', 'meta']);
  expect(body).toEqual({
    status: 'error',
    code: status,
    message: expect.stringMatching(/^[A-Z].*\.$/),
    data: null,
    errors: expect.arrayContaining([{ field: null, code, message: expect.stringMatching(/^[A-Z].*\.$/) }]),
    meta: null,
  });
  expect(answer.status).toBe(status);
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'x-request-id': expect.stringMatching(/^[A-Za-z0-9._-]{1,128}$/),
  });
  for (const name of ['x-powered-by', 'server', 'etag', 'last-modified']) {
    expect(answer.headers).not.toHaveProperty(name);
  }
  for (const name of ['x-request-id', 'content-type', 'content-length']) expect(answer.count(name)).toBe(1);
  expect(answer.body).not.toMatch(
    new RegExp(`${INSIDE}|node_modules|\\.[jt]s\\b|Error:|\\\\n +at |nestjs|fastify|SELECT`, 'i'),
  );
}

const many = (count: number, each: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => each(index)).join(',');

describe('the envelope holds for', () => {
  it.each<[string, string, number, string]>([
    ['an unknown path', request('GET /nowhere'), 404, 'not_found'],
    [
      'an unknown path with a body',
      request('POST /nowhere', [JSON_TYPE, 'Content-Length: 1'], '{'),
      404,
      'not_found',
    ],
    ['a path of 30 KiB', request(`GET /${'x'.repeat(30_000)}`), 404, 'not_found'],
    ['an id of 30 KiB', request(`GET /things/${'1'.repeat(30_000)}`), 404, 'not_found'],
    ['the whole server', request('GET *'), 404, 'not_found'],
    ['a URL of another scheme', request('GET ftp://localhost/things'), 404, 'not_found'],
    ['a malformed id', request('GET /things/1'), 404, 'not_found'],
    ['a wrong method', request('DELETE /things'), 405, 'method_not_allowed'],
    ['a wrong method on a whole URL', request('DELETE http://localhost/things'), 405, 'method_not_allowed'],
    ['an unsupported method', request('PROPFIND /things'), 405, 'method_not_allowed'],
    ['a method unknown to Node', request('FETCH /things'), 405, 'method_not_allowed'],
    ['TRACE', request('TRACE /things'), 405, 'method_not_allowed'],
    ['malformed JSON', post('{"name"', JSON_TYPE), 400, 'malformed_request'],
    ['an empty body', post('', JSON_TYPE), 400, 'malformed_request'],
    ['bytes that are not UTF-8', post('{"name":"\xff"}', JSON_TYPE), 400, 'malformed_request'],
    ['a malformed path', request('GET /things/%zz'), 400, 'malformed_request'],
    ['a path that is not UTF-8', request('GET /things/%ff'), 400, 'malformed_request'],
    ['a large body', post(`"${'x'.repeat(100 * 1024)}"`, JSON_TYPE), 413, 'payload_too_large'],
    [
      'a large content length',
      post('{}', JSON_TYPE).replace('Length: 2', 'Length: 99999999'),
      413,
      'payload_too_large',
    ],
    ['a body without a type', post('{}'), 415, 'unsupported_media_type'],
    [
      'a form',
      post('name=x', 'Content-Type: application/x-www-form-urlencoded'),
      415,
      'unsupported_media_type',
    ],
    ['text', post('{}', 'Content-Type: text/plain'), 415, 'unsupported_media_type'],
    ['XML', post('<x/>', 'Content-Type: application/xml'), 415, 'unsupported_media_type'],
    [
      'multipart',
      post('--x', 'Content-Type: multipart/form-data; boundary=x'),
      415,
      'unsupported_media_type',
    ],
    ['a malformed type', post('{}', 'Content-Type: json'), 415, 'unsupported_media_type'],
    [
      'a type that is nearly JSON',
      post('{}', 'Content-Type: application/jsonp'),
      415,
      'unsupported_media_type',
    ],
    ['another charset', post('{}', `${JSON_TYPE}; charset=iso-8859-1`), 415, 'unsupported_media_type'],
    ['UTF-16', post('{}', `${JSON_TYPE}; charset="utf-16"`), 415, 'unsupported_media_type'],
    ['gzip', post('{}', JSON_TYPE, 'Content-Encoding: gzip'), 415, 'unsupported_media_type'],
    [
      'several content codings',
      post('{}', JSON_TYPE, 'Content-Encoding: identity, br'),
      415,
      'unsupported_media_type',
    ],
    ['a body that is not an object', post('[]', JSON_TYPE), 422, 'object_expected'],
    [
      'a header of over 32 KiB',
      request('GET /things', [`X-Large: ${'x'.repeat(32_768)}`]),
      431,
      'headers_too_large',
    ],
    ['a path of over 32 KiB', request(`GET /${'x'.repeat(32_768)}`), 431, 'headers_too_large'],
    ['a request that is not HTTP', 'hello\r\n\r\n', 400, 'malformed_request'],
    ['another version of HTTP', 'GET /things HTTP/9.9\r\n\r\n', 400, 'malformed_request'],
    ['no Host', 'GET /things HTTP/1.1\r\n\r\n', 400, 'malformed_request'],
    ['a header without a colon', request('GET /things', ['nonsense']), 400, 'malformed_request'],
    ['TLS on a port without TLS', '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03', 400, 'malformed_request'],
    ['too many requests', request('GET /failures/too-many'), 429, 'too_many_requests'],
    ['an unavailable dependency', request('GET /failures/away'), 503, 'dependency_away'],
  ])('%s', async (_, text, status, code) => {
    const answer = await ask(text);
    expectEnvelope(answer, status, code);
    if (status === 405) expect(answer.headers['allow']).toMatch(/^[A-Z]+(, [A-Z]+)*$/);
    if (status === 429) expect(answer.headers['retry-after']).toBe('7');
    if (status === 503) expect(answer.headers['retry-after']).toBe('3');
  });

  it.each([
    'string',
    'error',
    'type',
    'cause',
    'undefined',
    'null',
    'number',
    'symbol',
    'object',
    'bare',
    'http',
  ])('any thrown value: %s', async (kind) => {
    expectEnvelope(
      await ask(request(`GET /failures/${kind}`, [`X-Request-Id: thrown-${kind}`])),
      500,
      'internal_error',
    );
    const line = app.log.lines().find((each) => each['request_id'] === `thrown-${kind}`);
    expect(line).toMatchObject({ level: 'error', msg: 'request failed' });
  });
});

it.each([undefined, { origins: [], localhost: true }])(
  'OPTIONS and other methods on the whole server get a 404 in the envelope, with CORS %j',
  async (cors) => {
    const other = await startWireApp({ cors });
    try {
      for (const line of ['OPTIONS *', 'GET *', 'POST *']) {
        const { answers } = await exchange(
          other.url,
          request(line, ['X-Request-Id: whole', 'Content-Length: 0']),
        );
        expectEnvelope(answers[0] as RawAnswer, 404, 'not_found');
        expect([line, answers[0]?.headers['x-request-id']]).toEqual([line, 'whole']);
      }
    } finally {
      await other.close();
    }
  },
);

it('headers of nearly 32 KiB are accepted', async () => {
  const answer = await ask(
    request(
      'GET /things',
      Array.from({ length: 4 }, () => `X-A: ${'x'.repeat(8_000)}`),
    ),
  );
  expect(answer.status).toBe(200);
});

describe('a small attack needs little memory to reject:', () => {
  it.each([
    ['depth 2000', `${'['.repeat(2_000)}${']'.repeat(2_000)}`, 422],
    ['depth 50000', `${'['.repeat(50_000)}${']'.repeat(50_000)}`, 422],
    ['objects 15000 deep', `${'{"a":'.repeat(15_000)}1${'}'.repeat(15_000)}`, 422],
    ['10k keys', `{${many(10_000, (index) => `"k${index}":1`)}}`, 422],
    ['5k unknown keys', `{${many(5_000, (index) => `"k${index}":1`)}}`, 422],
    ['100k keys', `{${many(100_000, (index) => `"k${index}":1`)}}`, 413],
    ['a number of 90k digits', `{"name":${'9'.repeat(90_000)}}`, 422],
    ['a gzip bomb', gzipSync(Buffer.alloc(10_000_000)).toString('latin1').slice(0, 50_000), 415],
  ])('%s', async (_, body, status) => {
    const encoding = status === 415 ? ['Content-Encoding: gzip'] : [];
    const length = `Content-Length: ${Buffer.byteLength(body, 'latin1')}`;
    const before = process.memoryUsage().rss;
    const answer = await ask(request('POST /things', [JSON_TYPE, length, ...encoding], body));
    expect(answer.status).toBe(status);
    expect(Object.keys(JSON.parse(answer.body))).toHaveLength(6);
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
  });
});

it('one response lists all wrong fields', async () => {
  const body = '{"name":"","email":"x","role":1,"permission_ids":[]}';
  const { errors, message } = JSON.parse((await ask(post(body, JSON_TYPE))).body);
  expect(errors.map(({ field, code }: { field: string; code: string }) => `${field} ${code}`)).toEqual([
    'role unknown_field',
    'permission_ids unknown_field',
    'name too_short',
    'email invalid_email',
  ]);
  expect(message).toBe('4 fields are wrong.');
});
