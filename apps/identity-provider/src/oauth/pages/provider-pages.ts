import { Injectable } from '@nestjs/common';
import type { Client, KoaContextWithOIDC } from 'oidc-provider';
import { errors } from '../oidc.js';
import { retryAfterOf, TooManyAttempts } from '../state/oauth-errors.js';
import type { PageProblem } from './elements.js';
import type { Page } from './layout.js';
import {
  continuePage,
  deviceConfirmationPage,
  errorPage,
  messagePage,
  SUBMIT_SCRIPT,
  signOutPage,
  submittingPage,
  userCodePage,
} from './page-bodies.js';
import { PAGE_POLICY, pagePolicyWith, submittingPolicy } from './page-policy.js';
import { PageRenderer } from './page-renderer.js';
import { textsFor } from './texts/languages.js';
import { fill, type Texts } from './texts/texts.js';

const DISCOVERY_MAX_AGE = 60;

/** What oidc-provider says about a form that another tab, or its own first sending, has replaced. */
const STALE_FORM = [
  'xsrf token invalid',
  'could not find logout details',
  'could not find device form details',
];

/** oidc-provider's form that submits itself, up to its button: on a page without language and styles. */
const SELF_SUBMITTING = /<title>Submitting Callback<\/title>.*(<form .*)<noscript>/s;

const SUBMITTING_POLICY = submittingPolicy(SUBMIT_SCRIPT);

/** The pages that oidc-provider asks for. Those of a sign-in are in `interaction-pages.ts`. */
@Injectable()
export class ProviderPages {
  constructor(private readonly renderer: PageRenderer) {}

  /** Runs around each of oidc-provider's routes. */
  async afterRoute(ctx: KoaContextWithOIDC, next: () => Promise<unknown>): Promise<void> {
    await next();
    const route: string | undefined = ctx.oidc?.route;
    if (route === 'discovery') ctx.set('cache-control', `public, max-age=${DISCOVERY_MAX_AGE}`);
    const form = typeof ctx.body === 'string' ? SELF_SUBMITTING.exec(ctx.body)?.[1] : undefined;
    if (form !== undefined) return this.send(ctx, submittingPage(textsOf(ctx), form), SUBMITTING_POLICY);
    if (route !== 'end_session_confirm' || ctx.status !== 303) return;
    const { client, params } = ctx.oidc;
    if (!client && params?.['logout'] === undefined) return this.stayedSignedIn(ctx);
    const url = ctx.response.get('location');
    ctx.remove('location');
    ctx.status = 200;
    this.send(ctx, continuePage(textsOf(ctx), url));
  }

  error(ctx: KoaContextWithOIDC, out: { error: string; error_description?: string }, error: Error): void {
    const isStale = isStaleForm(error);
    if (isStale && ctx.oidc.route === 'end_session_confirm' && ctx.oidc.session?.accountId === undefined) {
      this.signedOut(ctx);
      return;
    }
    const isExpired = isStale || error instanceof errors.SessionNotFound;
    this.setRetryAfter(ctx, error);
    this.send(
      ctx,
      errorPage(textsOf(ctx), { code: out.error, description: out.error_description ?? '', isExpired }),
    );
  }

  /** Says when to send a request again that was refused with 429 or 503. */
  setRetryAfter(ctx: KoaContextWithOIDC, error: Error): void {
    const seconds = retryAfterOf(error);
    if (seconds !== null) ctx.set('retry-after', seconds);
  }

  /** Asks before a sign-out, unless the application has sent an ID token of the person who is signed in. */
  signOut(ctx: KoaContextWithOIDC): void {
    const { session, entities } = ctx.oidc;
    const isAsked = entities.IdTokenHint?.payload['sub'] === session?.accountId;
    const action = ctx.oidc.urlFor('end_session_confirm');
    const page = signOutPage(textsOf(ctx), { action, token: secretOf(ctx), isAsked });
    this.send(ctx, page, isAsked ? pagePolicyWith(SUBMIT_SCRIPT) : PAGE_POLICY);
  }

  /** Also the answer to a sign-out that is sent twice. */
  signedOut(ctx: KoaContextWithOIDC): void {
    const { signOut } = textsOf(ctx);
    ctx.status = 200;
    this.send(ctx, messagePage('success', signOut.doneTitle, signOut.done));
  }

  private stayedSignedIn(ctx: KoaContextWithOIDC): void {
    const { signOut } = textsOf(ctx);
    ctx.remove('location');
    ctx.status = 200;
    this.send(ctx, messagePage('info', signOut.stayedTitle, signOut.done));
  }

  /** The page for a device's code. @param error why it is shown again */
  deviceCode(ctx: KoaContextWithOIDC, out: unknown, error: unknown): void {
    const texts = textsOf(ctx);
    const name = error instanceof Error ? error.name : '';
    const message = userCodeProblem(texts, name, error);
    const isForm = error === undefined || message !== null || name === 'NoCodeError';
    if (name === 'AbortedError') {
      this.send(ctx, messagePage('info', texts.device.abortedTitle, texts.device.aborted));
    } else if (isForm) {
      if (error instanceof TooManyAttempts) ctx.set('retry-after', error.retryAfter);
      const problem: PageProblem | null = message === null ? null : { field: 'user_code', message };
      const code = (error as { userCode?: string } | undefined)?.userCode ?? '';
      const action = ctx.oidc.urlFor('code_verification');
      this.send(ctx, userCodePage(texts, { action, token: secretOf(ctx), code, problem }));
    } else {
      this.error(ctx, out as { error: string; error_description?: string }, error as Error);
    }
  }

  deviceConfirmation(ctx: KoaContextWithOIDC, client: Client, deviceInfo: unknown, code: string): void {
    const { ip = '', ua = '' } = (deviceInfo ?? {}) as { ip?: string; ua?: string };
    const action = ctx.oidc.urlFor('code_verification');
    const page = deviceConfirmationPage(textsOf(ctx), {
      action,
      token: secretOf(ctx),
      client: client.clientName ?? client.clientId,
      code,
      address: ip,
      program: ua,
    });
    this.send(ctx, page);
  }

  deviceDone(ctx: KoaContextWithOIDC): void {
    const { device } = textsOf(ctx);
    this.send(ctx, messagePage('success', device.doneTitle, device.done));
  }

  private send(ctx: KoaContextWithOIDC, page: Page, policy = PAGE_POLICY): void {
    ctx.type = 'html';
    ctx.set('content-security-policy', policy);
    ctx.body = this.renderer.render(textsOf(ctx), page);
  }
}

const textsOf = (ctx: KoaContextWithOIDC): Texts =>
  textsFor(ctx.oidc?.params?.['ui_locales'] ?? ctx.query['ui_locales'], ctx.get('accept-language'));

/** A form that another tab or its first sending has replaced. oidc-provider has no class for it. */
const isStaleForm = (error: Error): boolean =>
  error instanceof errors.InvalidRequest &&
  STALE_FORM.includes((error as { error_description?: string }).error_description ?? '');

/** Protects the forms of oidc-provider's routes from posts of other sites. */
const secretOf = (ctx: KoaContextWithOIDC): string => String(ctx.oidc.session?.state?.['secret'] ?? '');

function userCodeProblem({ problems }: Texts, name: string, error: unknown): string | null {
  if (error instanceof TooManyAttempts) return fill(problems.throttled, { seconds: error.retryAfter });
  if (name === 'NotFoundError') return problems.userCode;
  if (name === 'ExpiredError') return problems.userCodeExpired;
  return name === 'AlreadyUsedError' ? problems.userCodeUsed : null;
}
