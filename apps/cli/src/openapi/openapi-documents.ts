import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DynamicModule, INestApplication } from '@nestjs/common';
import { InitializeOnPreviewAllowlist, NestFactory, RouterModule } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { IdentityProviderModule } from '#apps/identity-provider/src/identity-provider.module.js';
import { DESCRIPTION as IDENTITY_PROVIDER } from '#apps/identity-provider/src/openapi.js';
import { InternalModule } from '#apps/user-service/src/internal/internal.module.js';
import { DESCRIPTION as INTERNAL } from '#apps/user-service/src/internal/openapi.js';
import { DESCRIPTION as USER_SERVICE } from '#apps/user-service/src/openapi.js';
import { UserServiceModule } from '#apps/user-service/src/user-service.module.js';
import { allSettings } from '#libs/config/all.settings.js';
import { generateKeyPair } from '#libs/config/keys.js';
import { Drain } from '#libs/http/application/drain.js';
import { type DocsSignIn, docsSignIn } from '#libs/openapi/docs-sign-in.js';
import { type ApiDescription, buildOpenApiDocument } from '#libs/openapi/openapi-document.js';
import { asVariables } from '../keys/key-file.js';

/** Writes the document of each listener. @returns the paths, relative to the project root */
export async function writeDocuments(root: string): Promise<string[]> {
  await mkdir(join(root, 'openapi'), { recursive: true });
  const documents = await renderDocuments();
  for (const [path, text] of documents) await writeFile(join(root, path), text);
  return documents.map(([path]) => path);
}

/** The path and text of each document. Uses no database and no network: only the routes are read. */
export async function renderDocuments(): Promise<[path: string, text: string][]> {
  const { identityProvider, userService } = allSettings({
    ...asVariables(await generateKeyPair()),
    DATABASE_URL: 'postgres://nobody@localhost/nothing',
    ENVIRONMENT: 'development',
  });
  const drain = new Drain();
  const idp = await preview(IdentityProviderModule.forRoot(identityProvider, drain));
  const users = await preview(UserServiceModule.forRoot(userService, drain));
  const internal = await preview(InternalModule.of(users));
  return [
    [
      'openapi/identity-provider.json',
      render(idp, IDENTITY_PROVIDER, docsSignIn(identityProvider, identityProvider.signing.issuer)),
    ],
    ['openapi/internal.json', render(internal, INTERNAL, null)],
    [
      'openapi/user-service.json',
      render(users, USER_SERVICE, docsSignIn(userService, userService.native.issuer)),
    ],
  ];
}

/** In preview mode, only RouterModule is instantiated, because it sets the route prefix: nothing connects. */
function preview(module: DynamicModule): Promise<INestApplication> {
  InitializeOnPreviewAllowlist.add(RouterModule);
  return NestFactory.create(module, new FastifyAdapter(), {
    preview: true,
    logger: false,
    abortOnError: false,
  });
}

const render = (app: INestApplication, description: ApiDescription, signIn: DocsSignIn | null): string =>
  `${JSON.stringify(buildOpenApiDocument(app, description, signIn), null, 2)}\n`;
