import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import type { DocsSignIn } from './docs-sign-in.js';
import { type Asset, viewers } from './docs-viewers.js';

/**
 * Serves `/openapi.json` and its two viewers, `/docs` (Swagger UI) and `/scalar`. These are routes of Fastify, without
 * envelope, guards and prefix. Call it before the application is initialized.
 * @param options.enabled if false, all three are 404
 * @param options.signIn null: the viewers only accept a token
 */
export function serveDocs(
  app: NestFastifyApplication,
  document: OpenAPIObject,
  { enabled, signIn = null }: { enabled: boolean; signIn?: DocsSignIn | null },
): void {
  if (!enabled) return;
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  const { title } = document.info;
  serve(fastify, '/openapi.json', {
    type: 'application/json; charset=utf-8',
    text: JSON.stringify(document),
  });
  for (const { path, page, assets } of viewers(signIn)) {
    serve(fastify, path, page(title));
    fastify.get(`${path}/`, (_request, reply) => reply.redirect(`..${path}`, 308));
    for (const [name, asset] of Object.entries(assets)) serve(fastify, `${path}/${name}`, asset);
  }
}

/** Adds one route per file, so that no path can be traversed. The `ETag` allows a 304 (`envelope.hook.ts`). */
function serve(fastify: FastifyInstance, path: string, asset: Asset) {
  const headers = asset.policy === undefined ? {} : { 'content-security-policy': asset.policy };
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

/** Files are read at the first request, and shared by all applications of the process. */
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

/** Returns the copy that the build made, or without a build the file of the installed package. */
function fileOf({ module }: { module: string }): string {
  try {
    return resolve(`#assets/${module}`);
  } catch {
    return resolve(module);
  }
}
