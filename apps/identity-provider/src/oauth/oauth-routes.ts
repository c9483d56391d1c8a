import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { auditContextOf } from '#libs/audit/audit-context.js';
import { Drain } from '#libs/http/application/drain.js';
import { formOf, registerFormRoutes } from './pages/form-routes.js';
import { PROVIDER_POLICY } from './pages/page-policy.js';
import { addPageRoutes } from './pages/page-routes.js';
import { OauthProvider } from './provider/oauth-provider.js';
import { ROUTES } from './provider/provider-settings.js';
import { addUserinfoRoutes } from './userinfo/userinfo-routes.js';

/** Applications post to them, and read JSON. */
const API_ROUTES: readonly string[] = [
  ROUTES.token,
  ROUTES.pushed_authorization_request,
  ROUTES.revocation,
  ROUTES.introspection,
  ROUTES.device_authorization,
];

/**
 * The routes that oidc-provider answers, each by its name, so that logs and metrics tell them apart and a wrong method is
 * a 405.
 */
const PROVIDER_ROUTES: readonly [method: HTTPMethods, path: string][] = [
  ['GET', '/.well-known/openid-configuration'],
  ['GET', '/.well-known/oauth-authorization-server'],
  ['GET', ROUTES.authorization],
  ['GET', `${ROUTES.authorization}/:uid`],
  ['GET', ROUTES.end_session],
  ['POST', `${ROUTES.end_session}/confirm`],
  ['GET', `${ROUTES.end_session}/success`],
  ['GET', ROUTES.code_verification],
  ['POST', ROUTES.code_verification],
  ['GET', `${ROUTES.code_verification}/:uid`],
  ...API_ROUTES.map((path): [HTTPMethods, string] => ['POST', path]),
];

/** Browsers come here, by GET or by posting the same parameters. */
const POSTED_ROUTES = [ROUTES.authorization, ROUTES.end_session];

/** It becomes a URL: Node refuses more than 16 KiB of request line and headers, and cookies need a part of them. */
const MAX_POSTED_BYTES = 8 * 1024;

/** Adds the routes of the OpenID Provider. Call it before the application is initialized. */
export function addOauthRoutes(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  const oauth = app.get(OauthProvider, { strict: false });
  const drain = app.get(Drain, { strict: false });
  fastify.register(async (scope) => {
    // oidc-provider reads the bodies itself.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    for (const [method, url] of PROVIDER_ROUTES) {
      scope.route({ method, url, handler: (request, reply) => handOver(request, reply, oauth, drain) });
    }
  });
  addPostedRequests(fastify, oauth);
  addPageRoutes(app, fastify, oauth);
  addUserinfoRoutes(app, fastify);
}

/**
 * `POST /oauth/authorize` (OpenID Connect Core 1.0, section 3.1.2.1) and `POST /oauth/logout` (RP-Initiated Logout 1.0,
 * section 2) lead to the same request by GET. A post from an application's page comes without `SameSite=Lax` cookies, so
 * that the browser's sign-in would not be seen; the GET after it comes with them.
 */
function addPostedRequests(fastify: FastifyInstance, oauth: OauthProvider): void {
  const addRoutes = (scope: FastifyInstance) => {
    for (const path of POSTED_ROUTES)
      scope.post(path, (request, reply) =>
        reply.redirect(`${oauth.address.url(path)}?${formOf(request)}`, 303),
      );
  };
  registerFormRoutes(fastify, addRoutes, MAX_POSTED_BYTES);
}

/** Gives a request to oidc-provider, with the headers that Fastify's hooks have set. */
async function handOver(
  request: FastifyRequest,
  reply: FastifyReply,
  oauth: OauthProvider,
  drain: Drain,
): Promise<void> {
  const provider = await oauth.get();
  reply.header('content-security-policy', PROVIDER_POLICY);
  // oidc-provider would allow any origin. It sets nothing where it finds one of these headers.
  reply.header('access-control-expose-headers', 'Retry-After, WWW-Authenticate, X-Request-Id');
  if (request.url.startsWith('/.well-known/')) reply.header('access-control-allow-origin', '*');
  if (drain.isDraining) reply.header('connection', 'close');
  oauth.address.pin(request.raw, auditContextOf(request));
  // RFC 6749, section 5.2: errors are JSON, also for clients whose default Accept prefers HTML, such as Java's.
  if (API_ROUTES.includes(request.routeOptions.url ?? '')) request.raw.headers.accept = 'application/json';
  const headers = reply.getHeaders();
  reply.hijack();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  await provider.callback()(request.raw, reply.raw);
}
