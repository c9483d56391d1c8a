import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'dotenv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compiledSources } from '../support/compiled-sources.js';
import { freePorts } from '../support/free-ports.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { installProductionPackages } from '../support/production-packages.js';
import { CliCheckout, type Variables } from './cli-checkout.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ADMIN = { email: 'root@example.com', password: 'a fine password 1' };

let checkout: CliCheckout;
let database: TestDatabase;
let env: Variables;
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'twinkey-production-'));
  checkout = await CliCheckout.of(folder);
  await install(folder);
  database = await createTestDatabase();
  env = {
    ...parse((await checkout.twinkey(['keys', 'generate'])).stdout),
    ...(await freePorts()),
    ENVIRONMENT: 'production',
    HOST: '127.0.0.1',
    JWT_ISSUER: 'https://id.example.com',
    JWT_AUDIENCE: 'example',
    DATABASE_URL: database.url,
    DOCS: 'true',
    DOCS_CLIENT_ID: 'docs',
  };
  const seeded = await checkout.twinkey(['seed', '--admin-email', ADMIN.email], env, `${ADMIN.password}\n`);
  expect(seeded).toMatchObject({ code: 0 });
  await checkout.start(['run'], env).untilPrinted('user-service, internal listens');
});
afterAll(async () => {
  await checkout?.close();
  await database?.close();
});

/** Makes what the image contains. */
async function install(folder: string): Promise<void> {
  for (const part of ['bin', 'package.json'])
    await cp(join(ROOT, part), join(folder, part), { recursive: true });
  await cp(await compiledSources(), join(folder, 'dist'), { recursive: true });
  const { copyAssets } = (await import(`${ROOT}scripts/support/build.mjs`)) as {
    copyAssets(folder: string): void;
  };
  copyAssets(join(folder, 'dist/assets'));
  await installProductionPackages(folder);
}

const originOf = (port: string) => `http://127.0.0.1:${env[port]}`;

describe.each(['PORT', 'USER_SERVICE_PORT'])('without development dependencies, at %s', (port) => {
  it.each(['/docs', '/docs/oauth2-redirect.html', '/scalar', '/scalar/oauth2-redirect.html'])(
    '%s and its files are served',
    async (path) => {
      const page = await fetch(`${originOf(port)}${path}`);
      expect(page.status).toBe(200);
      const references = [...(await page.text()).matchAll(/(?:src|href)="([^"]+)"/g)];
      for (const [, reference] of references) {
        const { status } = await fetch(new URL(reference as string, page.url));
        expect(status, reference).toBe(200);
      }
    },
  );

  it('the document is served', async () => {
    const document = (await (await fetch(`${originOf(port)}/openapi.json`)).json()) as { openapi: string };
    expect(document.openapi).toMatch(/^3\.1/);
  });
});

it('without development dependencies, authenticator apps get a picture', async () => {
  const post = async (path: string, body: unknown, token?: string) => {
    const response = await fetch(`${originOf('PORT')}/api/v1${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
    });
    return ((await response.json()) as { data: Record<string, string> }).data;
  };
  const { token } = await post('/auth/login', ADMIN);
  const { qr_svg } = await post('/auth/factors/totp', { name: 'My phone' }, token);
  expect(qr_svg).toMatch(/^<svg /);
});
