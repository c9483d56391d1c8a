import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorForStatus } from '#libs/http/replies/error-translation.js';
import { PAGE_POLICY } from '../../oauth/pages/page-policy.js';
import { PageRenderer } from '../../oauth/pages/page-renderer.js';
import { isOwnForm } from '../../oauth/pages/page-routes.js';
import type { PageAnswer } from '../../oauth/pages/visit.js';
import { AccountPages } from './account-pages.js';

const MAX_FORM_BYTES = 16 * 1024;

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

  const send = async (reply: FastifyReply, made: Promise<PageAnswer>) => {
    const { page, texts, status = 200, headers = {} } = await made;
    return reply
      .code(status)
      .headers({ ...headers, 'content-security-policy': PAGE_POLICY, 'cache-control': 'no-store' })
      .type('text/html; charset=utf-8')
      .send(renderer.render(texts, page));
  };

  const routes: Record<string, PageHandler> = {
    '/signup': (...visit) => pages.signUp(...visit),
    '/forgot-password': (...visit) => pages.forgot(...visit),
    '/reset-password': (...visit) => pages.reset(...visit),
    '/verify-email': (...visit) => pages.verify(...visit),
    '/undo-email': (...visit) => pages.undo(...visit),
  };

  fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: MAX_FORM_BYTES },
      (_request, body, done) => done(null, new URLSearchParams(body as string)),
    );
    for (const [url, handler] of Object.entries(routes)) {
      scope.get(url, (request, reply) => send(reply, handler(request, reply, null)));
      scope.post(url, (request, reply) => {
        if (!isOwnForm(request)) throw errorForStatus(400);
        const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
        return send(reply, handler(request, reply, form));
      });
    }
  });
}
