import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Provider } from 'oidc-provider';
import { auditContextOf } from '#libs/audit/audit-context.js';
import { errorForStatus } from '#libs/http/replies/error-translation.js';
import { errors } from '../oidc.js';
import { sendPlainJson } from '../plain-json.js';
import type { OauthProvider } from '../provider/oauth-provider.js';
import { ownFormOf, registerFormRoutes, requireOwnForm } from './form-routes.js';
import { InteractionPageError } from './interaction-page-error.js';
import { InteractionPages } from './interaction-pages.js';
import { errorPage } from './page-bodies.js';
import { PageRenderer } from './page-renderer.js';
import { keepFor, sendScript } from './page-script.js';
import { REGISTRATION_SCRIPT } from './passkey-registration-script.js';
import { PASSKEY_SCRIPT } from './passkey-script.js';
import { textsFor } from './texts/languages.js';
import type { PageAnswer } from './visit.js';

const UID = '/oauth/interaction/:uid';

/** Adds the routes of Twinkey's own pages, with their stylesheet and logo. */
export function addPageRoutes(
  app: NestFastifyApplication,
  fastify: FastifyInstance,
  oauth: OauthProvider,
): void {
  const pages = app.get(InteractionPages, { strict: false });
  const renderer = app.get(PageRenderer, { strict: false });
  const { style, styleVersion, logo } = renderer;

  const answer = async (
    request: FastifyRequest,
    reply: FastifyReply,
    make: (provider: Provider) => Promise<PageAnswer>,
  ) => {
    const provider = await oauth.get();
    oauth.address.pin(request.raw, auditContextOf(request));
    return renderer.send(reply, await make(provider).catch((error: unknown) => expired(request, error)));
  };

  registerFormRoutes(fastify, (scope) => {
    scope.get('/oauth/style.css', (_request, reply) =>
      keepFor(reply, styleVersion).type('text/css; charset=utf-8').send(style),
    );
    for (const script of [PASSKEY_SCRIPT, REGISTRATION_SCRIPT])
      scope.get(script.path, (_request, reply) => sendScript(reply, script));
    if (logo) {
      scope.get('/oauth/logo', (_request, reply) =>
        keepFor(reply, styleVersion).type(logo.type).send(logo.body),
      );
    }
    scope.post(`${UID}/passkey-options`, async (request, reply) => {
      requireOwnForm(request);
      const provider = await oauth.get();
      oauth.address.pin(request.raw, auditContextOf(request));
      const options = await pages.passkeyOptions(provider, request, reply).catch(refuseExpired);
      return sendPlainJson(reply, options);
    });
    scope.get(UID, (request, reply) =>
      answer(request, reply, (provider) => pages.show(provider, request, reply)),
    );
    scope.post(UID, (request, reply) => {
      const form = ownFormOf(request) ?? new URLSearchParams();
      return answer(request, reply, (provider) => pages.submit(provider, request, reply, form));
    });
  });
}

function refuseExpired(error: unknown): never {
  if (error instanceof InteractionPageError || error instanceof errors.SessionNotFound)
    throw errorForStatus(400);
  throw error;
}

function expired(request: FastifyRequest, error: unknown): PageAnswer {
  if (!(error instanceof InteractionPageError || error instanceof errors.SessionNotFound)) throw error;
  const texts = textsFor(undefined, request.headers['accept-language']);
  const page = errorPage(texts, { code: 'invalid_request', description: '', isExpired: true });
  return { page, texts, status: 400 };
}
