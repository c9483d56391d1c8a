import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ownFormOf, registerFormRoutes } from '../../oauth/pages/form-routes.js';
import { PageRenderer } from '../../oauth/pages/page-renderer.js';
import type { PageAnswer } from '../../oauth/pages/visit.js';
import { AccountPages } from './account-pages.js';

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
    for (const [url, handler] of Object.entries(routes)) {
      const answer = async (request: FastifyRequest, reply: FastifyReply) =>
        renderer.send(reply, await handler(request, reply, ownFormOf(request)));
      scope.get(url, answer);
      scope.post(url, answer);
    }
  });
}
