import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Provider } from 'oidc-provider';
import { auditContextOf } from '#libs/audit/audit-context.js';
import { errorForStatus } from '#libs/http/replies/error-translation.js';
import { errors } from '../oidc.js';
import type { OauthProvider } from '../provider/oauth-provider.js';
import { InteractionPageError } from './interaction-page-error.js';
import { InteractionPages } from './interaction-pages.js';
import { errorPage } from './page-bodies.js';
import { PAGE_POLICY, SCRIPT_PAGE_POLICY } from './page-policy.js';
import { PageRenderer } from './page-renderer.js';
import { PASSKEY_SCRIPT } from './passkey-script.js';
import { textsFor } from './texts/languages.js';
import type { PageAnswer } from './visit.js';

const MAX_FORM_BYTES = 16 * 1024;
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
  const asset = (reply: FastifyReply, type: string) =>
    reply.type(type).header('cache-control', 'public, max-age=3600').header('etag', `"${styleVersion}"`);

  const answer = async (
    request: FastifyRequest,
    reply: FastifyReply,
    make: (provider: Provider) => Promise<PageAnswer>,
  ) => {
    const provider = await oauth.get();
    oauth.address.pin(request.raw, auditContextOf(request));
    const {
      page,
      texts,
      status = 200,
      headers = {},
    } = await make(provider).catch((error: unknown) => expired(request, error));
    return reply
      .code(status)
      .headers({ ...headers, 'content-security-policy': page.hasScript ? SCRIPT_PAGE_POLICY : PAGE_POLICY })
      .type('text/html; charset=utf-8')
      .send(renderer.render(texts, page));
  };

  fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: MAX_FORM_BYTES },
      (_request, body, done) => done(null, new URLSearchParams(body as string)),
    );
    scope.get('/oauth/style.css', (_request, reply) => asset(reply, 'text/css; charset=utf-8').send(style));
    scope.get('/oauth/passkeys.js', (_request, reply) =>
      asset(reply, 'text/javascript; charset=utf-8').send(PASSKEY_SCRIPT),
    );
    if (logo) scope.get('/oauth/logo', (_request, reply) => asset(reply, logo.type).send(logo.body));
    scope.post(`${UID}/passkey-options`, async (request, reply) => {
      if (!isOwnForm(request)) throw errorForStatus(400);
      const provider = await oauth.get();
      oauth.address.pin(request.raw, auditContextOf(request));
      const options = await pages.passkeyOptions(provider, request, reply).catch(refuseExpired);
      // As text, because objects would get the envelope.
      return reply
        .type('application/json; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(JSON.stringify(options));
    });
    scope.get(UID, (request, reply) =>
      answer(request, reply, (provider) => pages.show(provider, request, reply)),
    );
    scope.post(UID, (request, reply) => {
      if (!isOwnForm(request)) throw errorForStatus(400);
      const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
      return answer(request, reply, (provider) => pages.submit(provider, request, reply, form));
    });
  });
}

/** Browsers say where a form was posted from (Fetch Metadata). Cookies are `SameSite=Lax` besides. */
export function isOwnForm({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none';
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
