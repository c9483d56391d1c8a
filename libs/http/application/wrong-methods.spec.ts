import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createToyApp, ready } from '../../../test/support/toy-app.js';
import { translateParserError } from './parser-errors.js';

let app: NestFastifyApplication;
beforeAll(async () => {
  app = await ready(await createToyApp({ cors: { origins: [], localhost: true } }));
});
afterAll(() => app.close());

const ask = (method: string, url: string) => app.inject({ method: method as 'GET', url });

describe('an unsupported method', () => {
  it.each([
    ['PUT', '/api/v1/toys', 'GET, HEAD, POST'],
    ['DELETE', '/api/v1/toys?limit=1', 'GET, HEAD, POST'],
    ['GET', '/api/v1/knock', 'POST'],
    ['PATCH', '/api/v1/toys/mine', 'GET, HEAD'],
  ])('%s %s is 405, with the supported methods in Allow', async (method, url, allow) => {
    const answer = await ask(method, url);
    expect(answer.statusCode).toBe(405);
    expect(answer.headers.allow).toBe(allow);
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.json()).toMatchObject({ code: 405, data: null, errors: [{ code: 'method_not_allowed' }] });
  });

  it.each([
    ['PUT', '/api/v1/toy'],
    ['PUT', '/api/v1/toys/'],
    ['PUT', '/api/v1/toys/1/2'],
    ['GET', '/'],
  ])('%s %s is 404: the path does not exist', async (method, url) => {
    const answer = await ask(method, url);
    expect(answer.statusCode).toBe(404);
    expect(answer.headers.allow).toBeUndefined();
  });
});

describe('a supported method', () => {
  it.each([
    ['GET', '/api/v1/toys/mine', 200],
    ['PATCH', '/api/v1/toys/01980f5e-7a3b-7c41-9d52-6f8e1b2c3d4e', 415],
    ['GET', '/api/v1/toys/01980f5e-7a3b-7c41-9d52-6f8e1b2c3d4e', 200],
  ])('%s %s reaches its route', async (method, url, status) => {
    const headers = method === 'PATCH' ? { 'content-type': 'text/plain' } : {};
    const answer = await app.inject({
      method: method as 'GET',
      url,
      headers,
      payload: method === 'PATCH' ? 'x' : undefined,
    });
    expect(answer.statusCode).toBe(status);
  });
});

describe('a request that the parser of Node rejects', () => {
  const answerTo = (code: string, request: string) =>
    translateParserError(Object.assign(new Error(code), { code, rawPacket: Buffer.from(request) }));

  it('is 405 for an unknown method', () => {
    const { status, headers } = answerTo(
      'HPE_INVALID_METHOD',
      'BREW /api/v1/toys HTTP/1.1\r\nHost: a\r\n\r\n',
    );
    expect([status, headers['allow']]).toEqual([405, 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT']);
  });

  it.each(['\x16\x03\x01\x02\x00 TLS', 'brew / HTTP/1.1\r\n\r\n', 'BREW\r\n\r\n', ''])(
    'is 400 for %j, which is not HTTP',
    (request) => {
      const { status, headers } = answerTo('HPE_INVALID_METHOD', request);
      expect([status, headers]).toEqual([400, {}]);
    },
  );

  it('is 431 for headers that are too large', () => {
    expect(answerTo('HPE_HEADER_OVERFLOW', '').status).toBe(431);
  });
});
