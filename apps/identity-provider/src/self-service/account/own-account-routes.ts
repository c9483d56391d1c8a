import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { unauthorized } from '#libs/http/replies/api-error.js';
import { ACCOUNT_PAGE } from '../../oauth/clients/account-client.js';
import { ownFormOf, registerFormRoutes } from '../../oauth/pages/form-routes.js';
import { html } from '../../oauth/pages/html.js';
import { messagePage } from '../../oauth/pages/page-bodies.js';
import { PageRenderer } from '../../oauth/pages/page-renderer.js';
import { textsFor } from '../../oauth/pages/texts/languages.js';
import { sendPlainJson } from '../../oauth/plain-json.js';
import { AccountForms } from './account-forms.js';
import { AccountSignIn } from './account-sign-in.js';
import type { AccountAnswer, AccountVisit } from './account-visit.js';
import { OwnAccountPages } from './own-account-pages.js';
import { ownAccountTextsFor } from './own-account-texts.js';
import { OwnFactorPages } from './own-factor-pages.js';
import { OwnPasskeyPages } from './own-passkey-pages.js';

const SIGN_IN = `${ACCOUNT_PAGE}/sign-in`;
const PASSKEY = `${ACCOUNT_PAGE}/passkey`;

type Handler = (visit: AccountVisit, form: URLSearchParams | null) => Promise<AccountAnswer>;

/** Adds the routes of the account page. Call it before the application is initialized. */
export function addOwnAccountRoutes(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  const pages = app.get(OwnAccountPages, { strict: false });
  const factors = app.get(OwnFactorPages, { strict: false });
  const passkeys = app.get(OwnPasskeyPages, { strict: false });
  const forms = app.get(AccountForms, { strict: false });
  const signIn = app.get(AccountSignIn, { strict: false });
  const renderer = app.get(PageRenderer, { strict: false });

  const send = (reply: FastifyReply, answer: AccountAnswer) =>
    'location' in answer ? reply.redirect(answer.location, 303) : renderer.send(reply, answer);

  /** Answers a signed-in user, and leads everybody else to the sign-in page. */
  const answer = async (request: FastifyRequest, reply: FastifyReply, handler: Handler) => {
    const form = ownFormOf(request);
    const account = await signIn.find(request, reply);
    if (account) return send(reply, await handler(await forms.visit(request, account), form));
    if (form) return send(reply, { location: signIn.pathOf(ACCOUNT_PAGE) });
    return send(
      reply,
      comesFromSignIn(request) ? signedOutPage(request, signIn) : { location: signIn.signInUrl(false) },
    );
  };

  /** The page of a form, at one address. */
  const addForm = (scope: FastifyInstance, url: string, handler: Handler) => {
    scope.get(url, (request, reply) => answer(request, reply, handler));
    scope.post(url, (request, reply) => answer(request, reply, handler));
  };

  registerFormRoutes(fastify, (scope) => {
    scope.get(ACCOUNT_PAGE, (request, reply) =>
      answer(request, reply, async (visit) =>
        // The code of the sign-in is not needed, and must not stay in the address.
        comesFromSignIn(request) ? { location: signIn.pathOf(ACCOUNT_PAGE) } : pages.overview(visit),
      ),
    );
    scope.get(SIGN_IN, (_request, reply) => send(reply, { location: signIn.signInUrl(true) }));
    addForm(scope, `${ACCOUNT_PAGE}/name`, (visit, form) => pages.name(visit, form));
    addForm(scope, `${ACCOUNT_PAGE}/email`, (visit, form) => pages.email(visit, form));
    addForm(scope, `${ACCOUNT_PAGE}/password`, (visit, form) => pages.password(visit, form));
    addForm(scope, `${ACCOUNT_PAGE}/authenticator`, (visit, form) => factors.authenticator(visit, form));
    addForm(scope, `${ACCOUNT_PAGE}/recovery-codes`, (visit, form) => factors.recoveryCodes(visit, form));
    addForm(scope, `${ACCOUNT_PAGE}/factor`, (visit, form) => factors.removal(visit, form));
    addForm(scope, PASSKEY, (visit, form) => passkeys.page(visit, form));
    scope.post(`${ACCOUNT_PAGE}/sessions`, (request, reply) =>
      answer(request, reply, (visit, form) => pages.endSessions(visit, form ?? new URLSearchParams())),
    );
    scope.post(`${PASSKEY}/options`, async (request, reply) => {
      const form = ownFormOf(request) ?? new URLSearchParams();
      const account = await signIn.find(request, reply);
      if (!account) throw unauthorized('absent');
      const { status, headers, body } = await passkeys.options(await forms.visit(request, account), form);
      return sendPlainJson(reply.code(status).headers(headers), body);
    });
  });
}

/** Whether the OpenID Provider has sent the browser back (RFC 6749, sections 4.1.2 and 4.1.2.1). */
function comesFromSignIn({ query }: FastifyRequest): boolean {
  const { code, error } = query as { code?: unknown; error?: unknown };
  return code !== undefined || error !== undefined;
}

/** Not another redirect: a browser without cookies would go round and round. */
function signedOutPage(request: FastifyRequest, signIn: AccountSignIn): AccountAnswer {
  const common = textsFor(undefined, request.headers['accept-language']);
  const { signIn: own } = ownAccountTextsFor(common);
  const page = messagePage('info', own.title, own.lead);
  const body = html`${page.body}
<div class="actions"><a class="button" href="${signIn.pathOf(ACCOUNT_PAGE)}">${own.submit}</a></div>`;
  return { page: { ...page, body }, texts: common, status: 401 };
}
