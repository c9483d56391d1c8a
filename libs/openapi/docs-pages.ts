import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import { type Asset, SCALAR, SWAGGER_UI } from './docs-viewers.js';

/**
 * Serves `/openapi.json` and its two viewers, `/docs` (Swagger UI) and `/scalar`, from installed packages.
 * On Fastify itself: not enveloped, not guarded, under no prefix. Call it before the app is initialised.
 * @param options.enabled where false nothing is registered: all three are 404 like any unknown route
 */
export function serveDocs(
  app: NestFastifyApplication,
  document: OpenAPIObject,
  { enabled }: { enabled: boolean },
): void {
  if (!enabled) return;
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  const { title } = document.info;
  serve(fastify, '/openapi.json', {
    type: 'application/json; charset=utf-8',
    text: JSON.stringify(document),
  });
  for (const { path, page, policy, assets } of [SWAGGER_UI, SCALAR]) {
    const html = { type: 'text/html; charset=utf-8', text: page(title) };
    serve(fastify, path, html, { 'content-security-policy': policy });
    fastify.get(`${path}/`, (_request, reply) => reply.redirect(`..${path}`, 308));
    for (const [name, asset] of Object.entries(assets)) serve(fastify, `${path}/${name}`, asset);
  }
}

/** One route a file: there is no path to traverse. The `ETag` makes a 304 of a second visit (`envelope.hook.ts`). */
function serve(fastify: FastifyInstance, path: string, asset: Asset, headers: Record<string, string> = {}) {
  fastify.get(path, async (_request, reply) => {
    const { body, etag } = await load(asset);
    reply.headers({ ...headers, etag, 'cache-control': 'no-cache', 'content-type': asset.type });
    return body;
  });
}

interface Loaded {
  body: Buffer;
  etag: string;
}

/** Read when first asked for, once for both apps: a process whose pages nobody opens does not hold them. */
const loaded = new WeakMap<Asset, Promise<Loaded>>();

function load(asset: Asset): Promise<Loaded> {
  const known = loaded.get(asset) ?? read(asset);
  loaded.set(asset, known);
  return known;
}

async function read(asset: Asset): Promise<Loaded> {
  const body = 'text' in asset ? Buffer.from(asset.text) : await readFile(fileOf(asset));
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}

const { resolve } = createRequire(import.meta.url);

/** The build's copy, or without a build the file of the installed package. */
function fileOf({ module, copy }: { module: string; copy?: string }): string {
  try {
    return resolve(copy ?? module);
  } catch {
    return resolve(module);
  }
}
