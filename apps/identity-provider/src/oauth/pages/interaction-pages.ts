import { Inject, Injectable } from '@nestjs/common';
import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import { isEmail } from 'class-validator/cjs/decorator/string/IsEmail.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Interaction, Provider } from 'oidc-provider';
import { auditContextOf, type RequestAudit } from '#libs/audit/audit-context.js';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { isStorable } from '#libs/core/ids.js';
import { ApiError, unauthorized } from '#libs/http/replies/api-error.js';
import {
  LoginService,
  type PasswordAccount,
  type SecondFactorNeed,
  type VerifiedAccount,
} from '../../auth/login.service.js';
import { Passkeys } from '../../factors/passkeys.js';
import { TrustedBrowsers } from '../../factors/trusted-browsers.js';
import { AccountPageLinks } from '../../self-service/pages/account-page-links.js';
import { accountTextsFor } from '../../self-service/pages/account-texts.js';
import {
  type AuthenticationMethod,
  acrOf,
  needsTwoFactors,
  PASSWORD_ONLY,
} from '../../sessions/authentication-methods.js';
import { SETTINGS } from '../../settings.js';
import { OauthAccounts } from '../provider/accounts.js';
import { Grants, type PageResult } from '../provider/grants.js';
import { IssuerAddress } from '../provider/issuer-address.js';
import { SignIns } from '../sign-ins.js';
import { answerOf, retryText } from './api-error-page.js';
import type { PageProblem } from './elements.js';
import { FactorPages } from './factor-pages.js';
import { html } from './html.js';
import { InteractionPageError } from './interaction-page-error.js';
import { consentPage, continuePage, signInPage } from './page-bodies.js';
import { readCredential } from './passkey-credential.js';
import { type Progress, SignInProgress } from './sign-in-progress.js';
import { textsFor } from './texts/languages.js';
import { trustCookie, trustCookieOf } from './trust-cookie.js';
import type { PageAnswer, Visit } from './visit.js';

/** Longer ones are wrong for sure (contract, section 5). */
const MAX_PASSWORD_BYTES = 1_024;

/** As long as a sign-in can be in progress: the browser suggests passkeys while its page is open. */
const PASSKEY_SECONDS = 60 * 60;

/** The session that a sign-in has started. */
interface Started {
  id: string;
  accountId: string;
  amr: readonly AuthenticationMethod[];
}

/** The sign-in page and the consent page. `factor-pages.ts` has what comes between them. */
@Injectable()
export class InteractionPages {
  private readonly address: IssuerAddress;
  private readonly canTrust: boolean;
  private readonly requiresVerifiedEmail: boolean;

  constructor(
    private readonly login: LoginService,
    private readonly signIns: SignIns,
    private readonly accounts: OauthAccounts,
    private readonly grants: Grants,
    private readonly progress: SignInProgress,
    private readonly factorPages: FactorPages,
    private readonly passkeys: Passkeys,
    private readonly browsers: TrustedBrowsers,
    private readonly links: AccountPageLinks,
    @Inject(SETTINGS) { signing, secondFactor, registration }: IdentityProviderSettings,
  ) {
    this.address = new IssuerAddress(signing.issuer);
    this.canTrust = secondFactor.trustedBrowsers;
    this.requiresVerifiedEmail = registration.requireVerifiedEmail;
  }

  /** @throws InteractionPageError if this browser has no such sign-in in progress */
  async show(provider: Provider, request: FastifyRequest, reply: FastifyReply): Promise<PageAnswer> {
    const visit = await this.visit(provider, request, reply);
    if (visit.interaction.prompt.name === 'consent') return this.showConsent(visit);
    const progress = await this.progress.find(visit.interaction.uid);
    if (progress) return this.factorPages.show(visit, progress);
    const { login_hint: hint } = visit.interaction.params;
    return this.showSignIn(visit, typeof hint === 'string' && hint.length <= 254 ? hint : '', null);
  }

  /** @throws InteractionPageError if this browser has no such sign-in in progress */
  async submit(
    provider: Provider,
    request: FastifyRequest,
    reply: FastifyReply,
    form: URLSearchParams,
  ): Promise<PageAnswer> {
    const visit = await this.visit(provider, request, reply);
    if (visit.interaction.prompt.name === 'consent') return this.consent(visit, form);
    const progress = await this.progress.find(visit.interaction.uid);
    // The form of the sign-in page: the browser has gone back to it.
    const isAgain = form.has('email');
    if (progress && !isAgain) return this.goOn(visit, progress, form);
    if (progress) await this.progress.clear(visit.interaction.uid);
    const isContinued = form.get('answer') === 'continue' && (await this.selectable(visit)) !== null;
    if (isContinued) return this.finish(visit, { select_account: {} });
    const credential = form.get('credential');
    return credential ? this.signInWithPasskey(visit, credential) : this.signIn(visit, form);
  }

  /**
   * The options of `navigator.credentials.get()` for the page that the browser is at: of any passkey, or of those of the
   * account whose password was right. Where it sets up a second factor, those of `navigator.credentials.create()`.
   * @throws InteractionPageError if this browser has no such sign-in in progress
   */
  async passkeyOptions(provider: Provider, request: FastifyRequest, reply: FastifyReply): Promise<object> {
    const { interaction } = await this.visit(provider, request, reply);
    const progress = await this.progress.find(interaction.uid);
    if (progress?.step === 'setup') return { options: await this.factorPages.setupOptions(progress) };
    const signIn = { id: interaction.uid, seconds: PASSKEY_SECONDS };
    return this.passkeys.signInOptions(signIn, progress?.accountId ?? null);
  }

  private async visit(provider: Provider, request: FastifyRequest, reply: FastifyReply): Promise<Visit> {
    const interaction = await provider.interactionDetails(request.raw, reply.raw);
    if (interaction.uid !== (request.params as { uid: string }).uid) throw new InteractionPageError();
    const texts = textsFor(interaction.params['ui_locales'], request.headers['accept-language']);
    return { provider, interaction, request, reply, texts };
  }

  private async signIn(visit: Visit, form: URLSearchParams): Promise<PageAnswer> {
    const { request, texts } = visit;
    const email = form.get('email') ?? '';
    const password = form.get('password') ?? '';
    if (!isAddress(email)) {
      return this.showSignIn(
        visit,
        email.slice(0, 254),
        { field: 'email', message: texts.problems.email },
        { status: 422 },
      );
    }
    if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return this.refuse(visit, email, unauthorized());
    try {
      const audit = auditContextOf(request);
      const result = await this.login.authenticate<Started | PageAnswer>(email, password, audit, {
        secondFactor: (account, need) => this.secondFactor(visit, account, need),
        start: (account) => this.startSession(visit, account, audit),
      });
      return 'page' in result ? result : await this.finishSignIn(visit, result);
    } catch (error) {
      if (error instanceof ApiError) return this.refuse(visit, email, error);
      throw error;
    }
  }

  /** `acr_values` can ask for a second factor that the account itself does not; then a trusted browser is not enough. */
  private async secondFactor(visit: Visit, account: PasswordAccount, need: SecondFactorNeed) {
    const { interaction, request } = visit;
    const isStepUp = needsTwoFactors(interaction.params['acr_values']);
    if (need === 'none' && !isStepUp) return { amr: PASSWORD_ONLY };
    if (need === 'code' && !isStepUp && this.canTrust) {
      const cookie = trustCookieOf(request, this.address);
      if (await this.browsers.isTrusted(account.accountId, cookie)) return { amr: PASSWORD_ONLY };
    }
    const step = need === 'code' ? 'code' : 'setup';
    const progress = await this.progress.begin(interaction.uid, account, step);
    return { reply: await this.factorPages.show(visit, progress) };
  }

  /** The form of a page between the password and the end of the sign-in. */
  private async goOn(visit: Visit, progress: Progress, form: URLSearchParams): Promise<PageAnswer> {
    const outcome = await this.factorPages.submit(visit, progress, form);
    if ('answer' in outcome) return outcome.answer;
    await this.progress.clear(visit.interaction.uid);
    if ('restart' in outcome) return this.restart(visit, outcome.restart);
    const { verified, trustBrowser } = outcome;
    const audit = auditContextOf(visit.request);
    const started = await this.startSession(visit, verified, audit);
    if (!started) return this.refuse(visit, verified.email, unauthorized());
    const answer = await this.finishSignIn(visit, started);
    if (!trustBrowser) return answer;
    const cookie = trustCookie(await this.browsers.trust(verified, audit), this.address);
    return { ...answer, headers: { ...answer.headers, 'set-cookie': cookie } };
  }

  private restart(visit: Visit, reason: string | null): Promise<PageAnswer> {
    if (reason === null) return this.showSignIn(visit, '', null);
    return this.showSignIn(visit, '', { field: null, message: reason }, { status: 409 });
  }

  private async signInWithPasskey(visit: Visit, credential: string): Promise<PageAnswer> {
    const { interaction, texts, request } = visit;
    const response = readCredential<AuthenticationResponseJSON>(credential);
    const used = response && (await this.passkeys.use(interaction.uid, null, response));
    if (used?.isActive && !used.emailVerified && this.requiresVerifiedEmail) {
      const problem = { field: null, message: accountTextsFor(texts).problems.unverified };
      return this.showSignIn(visit, '', problem, { status: 403 });
    }
    const started =
      used &&
      (await this.startSession(visit, { ...used, amr: [used.method, 'mfa'] }, auditContextOf(request)));
    if (started) return this.finishSignIn(visit, started);
    const isDisabled = used !== null && !used.isActive;
    const message = isDisabled ? texts.problems.disabled : texts.problems.passkey;
    return this.showSignIn(visit, '', { field: null, message }, { status: isDisabled ? 403 : 401 });
  }

  /** Signing in again to the same account keeps the browser's session. */
  private async startSession(
    { interaction: { session } }: Visit,
    account: VerifiedAccount,
    audit: RequestAudit,
  ): Promise<Started | null> {
    const { accountId, amr } = account;
    const isSame = session?.accountId === accountId && session.uid !== undefined;
    const renewed = isSame ? await this.signIns.reauthenticate(session.uid as string, accountId, amr) : null;
    const id = renewed ?? (await this.signIns.open(account, audit));
    return id === null ? null : { id, accountId, amr };
  }

  private finishSignIn(visit: Visit, { id, accountId, amr }: Started): Promise<PageAnswer> {
    return this.finish(visit, {
      login: { accountId, ts: nowSeconds(), amr: [...amr], acr: acrOf(amr), remember: true },
      signIn: { id },
      select_account: {},
    });
  }

  /** An unknown email, a wrong and an impossible password get the same page. */
  private refuse(visit: Visit, email: string, error: ApiError): Promise<PageAnswer> {
    const { texts } = visit;
    const { problems } = texts;
    const forbidden =
      error.code === 'email_not_verified' ? accountTextsFor(texts).problems.unverified : problems.disabled;
    const refused = error.status === 403 ? forbidden : problems.credentials;
    const message = retryText(texts, error, problems.overloaded) ?? refused;
    return this.showSignIn(visit, email, { field: null, message }, answerOf(error));
  }

  private async showSignIn(
    visit: Visit,
    email: string,
    problem: PageProblem | null,
    answer: Pick<PageAnswer, 'status' | 'headers'> = {},
  ): Promise<PageAnswer> {
    const { texts, interaction } = visit;
    const isAgain = interaction.session?.accountId !== undefined;
    const [client, selectable] = await Promise.all([clientName(visit), this.selectable(visit)]);
    const page = signInPage(texts, { client, email, isAgain, selectable, problem });
    const body = html`${page.body}${this.links.belowSignIn(texts, interaction.uid, selectable !== null)}`;
    return { page: { ...page, body }, texts, ...answer };
  }

  /** The email of the account that the browser is signed in to, where the user can choose it; otherwise null. */
  private async selectable({ interaction }: Visit): Promise<string | null> {
    if (interaction.prompt.name !== 'select_account') return null;
    return this.emailOf(interaction);
  }

  /** Null if the browser is not signed in, or its account is no longer active. */
  private async emailOf({ session }: Interaction): Promise<string | null> {
    const account = await this.accounts.find(session?.accountId ?? '');
    const claims = await account?.claims('id_token', 'email', {}, []);
    return (claims as { email?: string } | undefined)?.email ?? null;
  }

  private async showConsent(visit: Visit): Promise<PageAnswer> {
    const { interaction, texts } = visit;
    const email = await this.emailOf(interaction);
    if (email === null) throw new InteractionPageError();
    const client = await clientName(visit);
    return { page: consentPage(texts, { client, email, scopes: scopesOf(interaction) }), texts };
  }

  private async consent(visit: Visit, form: URLSearchParams): Promise<PageAnswer> {
    const { interaction, provider } = visit;
    if (form.get('answer') !== 'allow') {
      return this.finish(visit, { error: 'access_denied', error_description: 'the user denied access' });
    }
    const accountId = interaction.session?.accountId;
    const client = await provider.Client.find(String(interaction.params['client_id']));
    if (accountId === undefined || !client) throw new InteractionPageError();
    const { twinkey } = client as unknown as { twinkey: { id: string } };
    await this.grants.consent(accountId, twinkey.id, scopesOf(interaction));
    return this.finish(visit, { consent: {} });
  }

  private async finish(
    { provider, request, reply, texts }: Visit,
    result: PageResult | object,
  ): Promise<PageAnswer> {
    const returnTo = await provider.interactionResult(request.raw, reply.raw, result as never);
    return { page: continuePage(texts, returnTo), texts };
  }
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

const isAddress = (email: string): boolean =>
  email.length <= 1_024 &&
  isStorable(email) &&
  [...email.trim()].length <= 254 &&
  isEmail(email.trim(), { allow_utf8_local_part: true, ignore_max_length: true });

const scopesOf = ({ params }: Interaction): string[] =>
  typeof params['scope'] === 'string' ? params['scope'].split(' ').filter(Boolean) : [];

async function clientName({ provider, interaction }: Visit): Promise<string> {
  const client = await provider.Client.find(String(interaction.params['client_id']));
  if (!client) throw new InteractionPageError();
  return client.clientName ?? client.clientId;
}
