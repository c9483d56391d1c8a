import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { createToyApp, documentOf, ready } from '../../test/support/toy-app.js';
import { serveDocs } from './docs-pages.js';

let app: NestFastifyApplication;
afterEach(() => app.close());

async function withDocs(enabled: boolean) {
  app = await createToyApp();
  const document = documentOf(app);
  serveDocs(app, document, { enabled });
  await ready(app);
  return document;
}
const get = (url: string, headers = {}) => app.inject({ method: 'GET', url, headers });

describe('the documentation pages', () => {
  it('serve the document without the envelope', async () => {
    const document = await withDocs(true);
    const response = await get('/openapi.json');
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(response.json()).toEqual(document);
  });

  it.each(['/docs', '/scalar'])('%s is a page with a policy that allows only this origin', async (path) => {
    await withDocs(true);
    const response = await get(path);
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-cache',
    });
    const policy = String(response.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'; script-src 'self'; ");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval/);
    expect(response.body).toContain('<title>Toys &#38; &#60;Co&#62;</title>');
    expect(response.body).not.toMatch(/<script(?! src="[a-z])|https?:|\son\w+=/);
  });

  it.each(['/docs', '/scalar'])('all files that %s refers to exist', async (path) => {
    await withDocs(true);
    const { body } = await get(path);
    const references = [...body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] as string);
    expect(references.length).toBeGreaterThan(1);
    for (const reference of references) {
      const response = await get(`/${reference}`);
      expect(response.statusCode, reference).toBe(200);
      expect(response.rawPayload.length, reference).toBeGreaterThan(100);
    }
  });

  it('a second request is a 304', async () => {
    await withDocs(true);
    const first = await get('/docs/swagger-ui.css');
    const second = await get('/docs/swagger-ui.css', { 'if-none-match': first.headers.etag });
    expect(second.statusCode).toBe(304);
    expect(second.body).toBe('');
  });

  it('redirect from a trailing slash to the page', async () => {
    await withDocs(true);
    const response = await get('/docs/');
    expect(response.statusCode).toBe(308);
    expect(response.headers.location).toBe('../docs');
  });

  it.each([
    '/docs/../package.json',
    '/docs/%2e%2e/package.json',
    '/docs/..%2fpackage.json',
    '/docs/swagger-ui.js',
    '/docs/package.json',
    '/scalar/standalone.js.map',
    '/scalar//etc/passwd',
  ])('%s is 404', async (path) => {
    await withDocs(true);
    const response = await get(path);
    expect(response.statusCode).toBe(404);
    expect(response.json()).toMatchObject({ status: 'error', code: 404, data: null });
  });

  it.each(['/docs', '/scalar', '/openapi.json', '/docs/swagger-ui.css'])(
    '%s is an unknown route if they are disabled',
    async (path) => {
      await withDocs(false);
      const response = await get(path);
      expect(response.statusCode).toBe(404);
      expect(response.json()).toMatchObject({ status: 'error', code: 404 });
    },
  );
});
