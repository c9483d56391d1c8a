import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ownFormOf, registerFormRoutes } from '../../oauth/pages/form-routes.js';
import { PageRenderer } from '../../oauth/pages/page-renderer.js';
import { sendScript } from '../../oauth/pages/page-script.js';
import type { PageAnswer } from '../../oauth/pages/visit.js';
import { sendPlainJson } from '../../oauth/plain-json.js';
import { AccountPages } from './account-pages.js';
import { STRENGTH_PATH, STRENGTH_SCRIPT } from './password-strength-script.js';

type PageHandler = (
  request: FastifyRequest,
  reply: FastifyReply,
  form: URLSearchParams | null,
) => Promise<PageAnswer>;

/** Adds the routes of the pages for accounts. Call it before the application is initialized. */
export function addAccountPageRoutes(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  const pages = app.get(AccountPages, { strict: false });
  const renderer = app.get(PageRenderer, { strict: false });
  const routes: Record<string, PageHandler> = {
    '/signup': (...visit) => pages.signUp(...visit),
    '/forgot-password': (...visit) => pages.forgot(...visit),
    '/reset-password': (...visit) => pages.reset(...visit),
    '/verify-email': (...visit) => pages.verify(...visit),
    '/undo-email': (...visit) => pages.undo(...visit),
  };

  registerFormRoutes(fastify, (scope) => {
    scope.get(STRENGTH_SCRIPT.path, (_request, reply) => sendScript(reply, STRENGTH_SCRIPT));
    scope.post(STRENGTH_PATH, (request, reply) => {
      const strength = pages.strengthOf(request, ownFormOf(request) ?? new URLSearchParams());
      return sendPlainJson(reply, strength);
    });
    for (const [url, handler] of Object.entries(routes)) {
      const answer = async (request: FastifyRequest, reply: FastifyReply) =>
        renderer.send(reply, await handler(request, reply, ownFormOf(request)));
      scope.get(url, answer);
      scope.post(url, answer);
    }
  });
}
