import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { MailTransport } from '../../mail/mail-transport.js';
import { ACCOUNT_PAGE } from '../../oauth/clients/account-client.js';
import { links } from '../../oauth/pages/elements.js';
import type { Html } from '../../oauth/pages/html.js';
import type { Texts } from '../../oauth/pages/texts/texts.js';
import { IssuerAddress } from '../../oauth/provider/issuer-address.js';
import { SETTINGS } from '../../settings.js';
import { RegistrationPolicy } from '../registration-policy.js';
import { accountTextsFor } from './account-texts.js';

/** As oidc-provider makes the ids of its sign-ins. */
const UID = /^[A-Za-z0-9_-]{16,64}$/;
/** As long as a sign-in can be in progress. */
const MAX_AGE = 3_600;

/** The links between the sign-in page and the pages for accounts. A cookie remembers the sign-in to go back to. */
@Injectable()
export class AccountPageLinks {
  private readonly address: IssuerAddress;
  private readonly cookie: string;

  constructor(
    @Inject(SETTINGS) { signing }: Pick<IdentityProviderSettings, 'signing'>,
    private readonly policy: RegistrationPolicy,
    private readonly mails: MailTransport,
  ) {
    this.address = new IssuerAddress(signing.issuer);
    this.cookie = this.address.isHttps ? '__Host-twinkey-return' : 'twinkey-return';
  }

  /** The path of a page, as a browser asks for it. */
  pathOf(page: string): string {
    return this.address.basePath + page;
  }

  /** @param uid of the sign-in in progress @param isSignedIn whether the page knows the account already */
  belowSignIn(texts: Texts, uid: string, isSignedIn: boolean): Html | null {
    const { signUp, forgot, account } = accountTextsFor(texts).links;
    const href = (page: string) => `${this.pathOf(page)}?sign_in=${uid}`;
    const each = [
      ...(this.policy.isOpen ? [{ href: href('/signup'), text: signUp }] : []),
      ...(this.mails.isAvailable ? [{ href: href('/forgot-password'), text: forgot }] : []),
      ...(isSignedIn ? [{ href: this.pathOf(ACCOUNT_PAGE), text: account }] : []),
    ];
    return each.length > 0 ? links(...each) : null;
  }

  /** The link to the account page, which signs in first. */
  toAccount(texts: Texts): Html {
    return links({ href: this.pathOf(ACCOUNT_PAGE), text: accountTextsFor(texts).links.account });
  }

  /** Remembers the sign-in that a link of its page names. */
  remember(request: FastifyRequest, reply: FastifyReply): void {
    const { sign_in: uid } = request.query as { sign_in?: unknown };
    if (typeof uid !== 'string' || !UID.test(uid)) return;
    const secure = this.address.isHttps ? '; Secure' : '';
    reply.header(
      'set-cookie',
      `${this.cookie}=${uid}; Path=/; Max-Age=${MAX_AGE}; HttpOnly; SameSite=Lax${secure}`,
    );
  }

  /** The link back to the sign-in that this browser has in progress, if there is one. */
  back(texts: Texts, request: FastifyRequest): Html | null {
    const { sign_in: named } = request.query as { sign_in?: unknown };
    const uid = typeof named === 'string' ? named : this.remembered(request);
    if (uid === undefined || !UID.test(uid)) return null;
    return links({
      href: this.pathOf(`/oauth/interaction/${uid}`),
      text: accountTextsFor(texts).links.signIn,
    });
  }

  private remembered(request: FastifyRequest): string | undefined {
    const cookies = (request.headers.cookie ?? '').split(/;\s*/);
    return cookies.find((each) => each.startsWith(`${this.cookie}=`))?.slice(this.cookie.length + 1);
  }
}
