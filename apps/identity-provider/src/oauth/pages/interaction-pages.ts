import { Injectable } from '@nestjs/common';
import { isEmail } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Interaction, Provider } from 'oidc-provider';
import { auditContextOf, type RequestAudit } from '#libs/audit/audit-context.js';
import { isStorable } from '#libs/core/storable-text.js';
import { ApiError } from '#libs/http/replies/api-error.js';
import { LoginService, type VerifiedAccount } from '../../auth/login.service.js';
import { AccountPageLinks } from '../../self-service/pages/account-page-links.js';
import { accountTextsFor } from '../../self-service/pages/account-texts.js';
import { OauthAccounts } from '../provider/accounts.js';
import { Grants, type PageResult } from '../provider/grants.js';
import { ACR } from '../provider/provider-settings.js';
import { SignIns } from '../sign-ins.js';
import { html } from './html.js';
import { InteractionPageError } from './interaction-page-error.js';
import type { Page } from './layout.js';
import { consentPage, continuePage, type PageProblem, signInPage } from './page-bodies.js';
import { textsFor } from './texts/languages.js';
import { fill, type Texts } from './texts/texts.js';

/** Longer ones are wrong for sure (contract, section 5). */
const MAX_PASSWORD_BYTES = 1_024;

/** A page with its status and headers. */
export interface PageAnswer {
  page: Page;
  texts: Texts;
  status?: number;
  headers?: Record<string, string>;
}

/** What the browser asks for: a page of a sign-in in progress, which its cookie names. */
interface Visit {
  provider: Provider;
  interaction: Interaction;
  request: FastifyRequest;
  reply: FastifyReply;
  texts: Texts;
}

/** The sign-in page and the consent page. */
@Injectable()
export class InteractionPages {
  constructor(
    private readonly login: LoginService,
    private readonly signIns: SignIns,
    private readonly accounts: OauthAccounts,
    private readonly grants: Grants,
    private readonly links: AccountPageLinks,
  ) {}

  /** @throws InteractionPageError if this browser has no such sign-in in progress */
  async show(provider: Provider, request: FastifyRequest, reply: FastifyReply): Promise<PageAnswer> {
    const visit = await this.visit(provider, request, reply);
    if (visit.interaction.prompt.name === 'consent') return this.showConsent(visit);
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
    return visit.interaction.prompt.name === 'consent' ? this.consent(visit, form) : this.signIn(visit, form);
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
    if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return this.refuse(visit, email, null);
    try {
      const audit = auditContextOf(request);
      const started = await this.login.authenticate(email, password, audit, (account) =>
        this.startSession(visit, account, audit),
      );
      return await this.finish(visit, {
        login: { accountId: started.accountId, ts: nowSeconds(), amr: ['pwd'], acr: ACR, remember: true },
        signIn: { id: started.id },
      });
    } catch (error) {
      if (error instanceof ApiError) return this.refuse(visit, email, error);
      throw error;
    }
  }

  /** Signing in again to the same account keeps the browser's session. */
  private async startSession(
    { interaction: { session } }: Visit,
    account: VerifiedAccount,
    audit: RequestAudit,
  ) {
    const { accountId } = account;
    const isSame = session?.accountId === accountId && session.uid !== undefined;
    const renewed = isSame ? await this.signIns.renew(session.uid as string, accountId) : null;
    const id = renewed ?? (await this.signIns.open(account, audit));
    return id === null ? null : { id, accountId };
  }

  /** An unknown email, a wrong and an impossible password get the same page. */
  private refuse(visit: Visit, email: string, error: ApiError | null): Promise<PageAnswer> {
    const { problems } = visit.texts;
    const status = error?.status ?? 401;
    const retryAfter = error?.headers['retry-after'];
    const messages: Record<number, string> = {
      403:
        error?.code === 'email_not_verified'
          ? accountTextsFor(visit.texts).problems.unverified
          : problems.disabled,
      429: fill(problems.throttled, { seconds: retryAfter ?? '1' }),
      503: problems.overloaded,
    };
    const problem = { field: null, message: messages[status] ?? problems.credentials };
    const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
    return this.showSignIn(visit, email, problem, { status, headers });
  }

  private async showSignIn(
    visit: Visit,
    email: string,
    problem: PageProblem | null,
    answer: Pick<PageAnswer, 'status' | 'headers'> = {},
  ): Promise<PageAnswer> {
    const { texts, interaction } = visit;
    const isAgain = interaction.session?.accountId !== undefined;
    const client = await clientName(visit);
    const page = signInPage(texts, { client, email, isAgain, problem });
    const body = html`${page.body}${this.links.belowSignIn(texts, interaction.uid)}`;
    return { page: { ...page, body }, texts, ...answer };
  }

  private async showConsent(visit: Visit): Promise<PageAnswer> {
    const { interaction, texts } = visit;
    const account = await this.accounts.find(interaction.session?.accountId ?? '');
    if (!account) throw new InteractionPageError();
    const { email } = (await account.claims('id_token', 'email', {}, [])) as { email?: string };
    const client = await clientName(visit);
    return { page: consentPage(texts, { client, email: email ?? '', scopes: scopesOf(interaction) }), texts };
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
