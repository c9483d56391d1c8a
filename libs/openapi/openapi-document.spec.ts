import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { default as addFormats } from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createToyApp, documentOf } from '../../test/support/toy-app.js';
import { operationsOf } from './document-parts.js';

let app: NestFastifyApplication;
let document: ReturnType<typeof documentOf>;

beforeAll(async () => {
  app = await createToyApp();
  document = documentOf(app);
});
afterAll(() => app.close());

const operation = (method: string, path: string) => {
  const found = [...operationsOf(document)].find((one) => one.method === method && one.path === path);
  if (!found) throw new Error(`no ${method} ${path}`);
  return found.operation;
};
const statuses = (method: string, path: string) => Object.keys(operation(method, path).responses);

describe('the OpenAPI document', () => {
  it('is always the same text, in a fixed order', () => {
    expect(JSON.stringify(documentOf(app))).toBe(JSON.stringify(document));
    expect(Object.keys(document.paths)).toEqual([
      '/api/v1/knock',
      '/api/v1/toys',
      '/api/v1/toys/mine',
      '/api/v1/toys/{id}',
    ]);
    expect(Object.keys(document.paths['/api/v1/toys/{id}'] ?? {})).toEqual(['get', 'patch', 'delete']);
  });

  it('has title, description, version, server, tags and security scheme', () => {
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'Toys & <Co>', description: 'For specs.', version: '1.2.3' },
      servers: [{ url: '.' }],
      tags: [{ name: 'Toys', description: 'All toys' }, { name: 'Door' }],
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    });
  });

  it('lists every response of a route', () => {
    expect(statuses('get', '/api/v1/toys')).toEqual(['200', '400', '401', '403', '422', '503']);
    expect(statuses('post', '/api/v1/toys')).toEqual('201 400 401 403 409 413 415 422 503'.split(' '));
    expect(statuses('get', '/api/v1/toys/{id}')).toEqual('200 304 400 401 403 404 422 503'.split(' '));
    expect(statuses('patch', '/api/v1/toys/{id}')).toEqual(
      '200 400 401 403 404 412 413 415 422 503'.split(' '),
    );
    expect(statuses('post', '/api/v1/knock')).toEqual('200 400 413 415 422 429 503'.split(' '));
  });

  it('lists the headers of each response', () => {
    const headers = (method: string, path: string, status: number) =>
      Object.keys((operation(method, path).responses[status] as { headers: object }).headers);
    expect(headers('post', '/api/v1/toys', 201)).toEqual(['X-Request-Id', 'Location']);
    expect(headers('get', '/api/v1/toys/{id}', 200)).toEqual(['X-Request-Id', 'ETag']);
    expect(headers('get', '/api/v1/toys/{id}', 304)).toEqual(['X-Request-Id', 'ETag']);
    expect(headers('delete', '/api/v1/toys/{id}', 200)).toEqual(['X-Request-Id']);
    expect(headers('post', '/api/v1/knock', 429)).toEqual(['X-Request-Id', 'Retry-After']);
    expect(document.components?.responses?.Unauthorized).toMatchObject({
      headers: { 'WWW-Authenticate': { $ref: '#/components/headers/WWW-Authenticate' } },
    });
  });

  it('links a creating operation to the operations on the new resource', () => {
    const { links } = operation('post', '/api/v1/toys').responses[201] as { links: object };
    const parameters = { id: '$response.body#/data/id' };
    expect(links).toEqual({
      toysGet: { operationId: 'toysGet', parameters },
      toysChange: { operationId: 'toysChange', parameters },
      toysRemove: { operationId: 'toysRemove', parameters },
    });
  });

  it('has no component without references', () => {
    const { schemas, responses, headers } = document.components ?? {};
    const text = JSON.stringify(document);
    for (const [section, components] of Object.entries({ schemas, responses, headers })) {
      for (const name of Object.keys(components ?? {})) {
        expect(text).toContain(`"#/components/${section}/${name}"`);
      }
    }
    expect(responses).not.toHaveProperty('Conflict');
  });

  it('describes who can call an operation', () => {
    expect(operation('get', '/api/v1/toys/{id}')).toMatchObject({
      description: 'Needs the permission `toys:read`.',
      'x-permission': 'toys:read',
    });
    expect(operation('post', '/api/v1/toys')).toMatchObject({
      description: 'Needs the permission `toys:create` or `toys:update`.',
    });
    expect(operation('get', '/api/v1/toys')).toMatchObject({
      description: 'Needs an access token of either issuer.',
      security: [{ bearer: [] }],
    });
    expect(operation('post', '/api/v1/knock')).toMatchObject({
      description: 'Needs no access token.',
      security: [],
    });
  });

  it('requires a body only if one of its fields is required', () => {
    const isRequired = (method: string, path: string) =>
      (operation(method, path).requestBody as { required: boolean }).required;
    expect(isRequired('post', '/api/v1/toys')).toBe(true);
    expect(isRequired('patch', '/api/v1/toys/{id}')).toBe(false);
  });

  it('allows no undeclared properties in objects', () => {
    expect(document.components?.schemas?.['Anything']).toMatchObject({ additionalProperties: true });
    for (const name of ['NewToy', 'ToyReply', 'ErrorEnvelope', 'ErrorEntry', 'PageMetaReply']) {
      expect(document.components?.schemas?.[name], name).toMatchObject({ additionalProperties: false });
    }
  });

  it('describes ids in paths as UUIDs', () => {
    expect(operation('get', '/api/v1/toys/{id}').parameters).toContainEqual(
      expect.objectContaining({ name: 'id', in: 'path', schema: { type: 'string', format: 'uuid' } }),
    );
  });

  it('has a valid example for each body and response', () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(ajv);
    ajv.addSchema({ $id: 'doc', components: document.components });
    const absolute = (schema: unknown): object =>
      JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"doc#/components')) as object;
    const contents = [...operationsOf(document)].flatMap(({ operation: { requestBody, responses } }) =>
      [
        requestBody,
        ...Object.values(responses),
        ...Object.values(document.components?.responses ?? {}),
      ].flatMap((node) => (node && 'content' in node && node.content ? Object.values(node.content) : [])),
    );
    expect(contents.length).toBeGreaterThan(10);
    for (const { schema, example } of contents) {
      const isValid = ajv.compile(absolute(schema));
      expect(example).toBeDefined();
      expect(isValid(example), `${JSON.stringify(example)}: ${ajv.errorsText(isValid.errors)}`).toBe(true);
    }
  });
});
