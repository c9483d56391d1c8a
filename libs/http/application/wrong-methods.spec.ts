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
    const response = await ask(method, url);
    expect(response.statusCode).toBe(405);
    expect(response.headers.allow).toBe(allow);
    expect(response.headers['x-content-type-options']).toBe('nosniff');
    expect(response.json()).toMatchObject({
      code: 405,
      data: null,
      errors: [{ code: 'method_not_allowed' }],
    });
  });

  it.each([
    ['PUT', '/api/v1/toy'],
    ['PUT', '/api/v1/toys/'],
    ['PUT', '/api/v1/toys/1/2'],
    ['GET', '/'],
  ])('%s %s is 404: the path does not exist', async (method, url) => {
    const response = await ask(method, url);
    expect(response.statusCode).toBe(404);
    expect(response.headers.allow).toBeUndefined();
  });
});

describe('a supported method', () => {
  it.each([
    ['GET', '/api/v1/toys/mine', 200],
    ['PATCH', '/api/v1/toys/01980f5e-7a3b-7c41-9d52-6f8e1b2c3d4e', 415],
    ['GET', '/api/v1/toys/01980f5e-7a3b-7c41-9d52-6f8e1b2c3d4e', 200],
  ])('%s %s reaches its route', async (method, url, status) => {
    const headers = method === 'PATCH' ? { 'content-type': 'text/plain' } : {};
    const response = await app.inject({
      method: method as 'GET',
      url,
      headers,
      payload: method === 'PATCH' ? 'x' : undefined,
    });
    expect(response.statusCode).toBe(status);
  });
});

describe('a request that the parser of Node rejects', () => {
  const errorFor = (code: string, request: string) =>
    translateParserError(Object.assign(new Error(code), { code, rawPacket: Buffer.from(request) }));

  it('is 405 for an unknown method', () => {
    const { status, headers } = errorFor(
      'HPE_INVALID_METHOD',
      'BREW /api/v1/toys HTTP/1.1\r\nHost: a\r\n\r\n',
    );
    expect([status, headers['allow']]).toEqual([405, 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT']);
  });

  it.each(['\x16\x03\x01\x02\x00 TLS', 'brew / HTTP/1.1\r\n\r\n', 'BREW\r\n\r\n', ''])(
    'is 400 for %j, which is not HTTP',
    (request) => {
      const { status, headers } = errorFor('HPE_INVALID_METHOD', request);
      expect([status, headers]).toEqual([400, {}]);
    },
  );

  it('is 431 for headers that are too large', () => {
    expect(errorFor('HPE_HEADER_OVERFLOW', '').status).toBe(431);
  });
});
