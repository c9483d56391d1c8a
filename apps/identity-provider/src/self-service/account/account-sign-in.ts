import { randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { auditContextOf } from '#libs/audit/audit-context.js';
import { isId } from '#libs/core/ids.js';
import { NATIVE_ISSUER } from '#libs/verify/src/issuers/issuer-id.js';
import { ACCOUNT_CLIENT_ID, ACCOUNT_PAGE } from '../../oauth/clients/account-client.js';
import { OauthSecrets } from '../../oauth/oauth-secrets.js';
import { OauthProvider } from '../../oauth/provider/oauth-provider.js';
import { ROUTES } from '../../oauth/provider/provider-settings.js';
import type { SessionAccount } from '../../sessions/session-account.js';
import { SessionLookup } from '../../sessions/session-lookup.js';
import { type Requester, requesterOf } from '../requester.js';

/** The sign-in of a browser at Twinkey's pages, by the cookie of the OpenID Provider. */
@Injectable()
export class AccountSignIn {
  constructor(
    private readonly oauth: OauthProvider,
    private readonly sessions: SessionLookup,
    private readonly secrets: OauthSecrets,
  ) {}

  /** The account that the browser is signed in to, with the session of this sign-in. @returns null if there is none */
  async find(request: FastifyRequest, reply: FastifyReply): Promise<SessionAccount | null> {
    const provider = await this.oauth.get();
    this.oauth.address.pin(request.raw, auditContextOf(request));
    const { accountId, uid } = await provider.Session.get(provider.createContext(request.raw, reply.raw));
    // The same look-up as for a token: the session is alive, and the account is active.
    return accountId !== undefined && isId(uid) ? this.sessions.find(uid, accountId) : null;
  }

  /**
   * Where a browser signs in, and comes back to the account page.
   * @param isAgain asks for the password also if the browser is signed in
   */
  signInUrl(isAgain: boolean): string {
    const { address } = this.oauth;
    const parameters = new URLSearchParams({
      client_id: ACCOUNT_CLIENT_ID,
      response_type: 'code',
      redirect_uri: address.url(ACCOUNT_PAGE),
      scope: 'openid',
      // Nobody knows its verifier: the code is not needed.
      code_challenge: randomBytes(32).toString('base64url'),
      code_challenge_method: 'S256',
      ...(isAgain ? { prompt: 'login' } : {}),
    });
    return `${address.url(ROUTES.authorization)}?${parameters}`;
  }

  /** The path of a page, as a browser asks for it. */
  pathOf(page: string): string {
    return this.oauth.address.basePath + page;
  }

  /** What the forms of a sign-in's pages have to send: pages of other sites, and of other sign-ins, do not know it. */
  formToken({ sessionId }: SessionAccount): Promise<string> {
    return this.secrets.formToken(sessionId);
  }

  async isOwnToken(account: SessionAccount, given: string): Promise<boolean> {
    const [expected, sent] = [Buffer.from(await this.formToken(account)), Buffer.from(given)];
    return expected.length === sent.length && timingSafeEqual(expected, sent);
  }

  /** The signed-in user acts for themselves. */
  requesterFor(request: FastifyRequest, { id, email, sessionId }: SessionAccount): Requester {
    const requester = requesterOf(request);
    const actor = { issuer: NATIVE_ISSUER, sub: id, name: email };
    return { ...requester, audit: { ...requester.audit, actor, clientId: ACCOUNT_CLIENT_ID, sessionId } };
  }
}
