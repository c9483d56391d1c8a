import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DynamicModule } from '@nestjs/common';
import { InitializeOnPreviewAllowlist, NestFactory, RouterModule } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { IdentityProviderModule } from '#apps/identity-provider/src/identity-provider.module.js';
import { DESCRIPTION as IDENTITY_PROVIDER } from '#apps/identity-provider/src/openapi.js';
import { DESCRIPTION as USER_SERVICE } from '#apps/user-service/src/openapi.js';
import { UserServiceModule } from '#apps/user-service/src/user-service.module.js';
import { allSettings } from '#libs/config/all.settings.js';
import { generateKeyPair } from '#libs/config/keys.js';
import { Drain } from '#libs/http/application/drain.js';
import { type ApiDescription, buildOpenApiDocument } from '#libs/openapi/openapi-document.js';
import { asVariables } from '../keys/key-file.js';

/** Writes both documents. @returns their paths, from the project root */
export async function writeDocuments(root: string): Promise<string[]> {
  await mkdir(join(root, 'openapi'), { recursive: true });
  const documents = await renderDocuments();
  for (const [path, text] of documents) await writeFile(join(root, path), text);
  return documents.map(([path]) => path);
}

/** The text of each document by its path. Neither a database nor a network is needed: only routes are looked at. */
export async function renderDocuments(): Promise<[path: string, text: string][]> {
  const { identityProvider, userService } = allSettings({
    ...asVariables(await generateKeyPair()),
    DATABASE_URL: 'postgres://nobody@localhost/nothing',
    ENVIRONMENT: 'development',
  });
  const drain = new Drain();
  return [
    [
      'openapi/identity-provider.json',
      await render(IdentityProviderModule.forRoot(identityProvider, drain), IDENTITY_PROVIDER),
    ],
    ['openapi/user-service.json', await render(UserServiceModule.forRoot(userService, drain), USER_SERVICE)],
  ];
}

async function render(module: DynamicModule, description: ApiDescription): Promise<string> {
  // In preview mode nothing is instantiated, so nothing connects; but for the module that gives routes their prefix.
  InitializeOnPreviewAllowlist.add(RouterModule);
  const app = await NestFactory.create(module, new FastifyAdapter(), {
    preview: true,
    logger: false,
    abortOnError: false,
  });
  return `${JSON.stringify(buildOpenApiDocument(app, description), null, 2)}\n`;
}
