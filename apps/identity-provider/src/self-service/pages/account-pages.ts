import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { InputPipe } from '#libs/http/input/input.pipe.js';
import { ApiError } from '#libs/http/replies/api-error.js';
import { answerOf, problemText } from '../../oauth/pages/api-error-page.js';
import { emphasize, type PageProblem } from '../../oauth/pages/elements.js';
import { html } from '../../oauth/pages/html.js';
import type { Page } from '../../oauth/pages/layout.js';
import { messagePage } from '../../oauth/pages/page-bodies.js';
import { textsFor } from '../../oauth/pages/texts/languages.js';
import type { Texts } from '../../oauth/pages/texts/texts.js';
import type { PageAnswer } from '../../oauth/pages/visit.js';
import { EmailChangeService } from '../email-change.service.js';
import { EmailProofService } from '../email-proof.service.js';
import { PasswordRecoveryService } from '../password-recovery.service.js';
import { RegistrationService } from '../registration.service.js';
import { RegistrationPolicy } from '../registration-policy.js';
import { requesterOf } from '../requester.js';
import { ForgottenPassword, LinkToken, PasswordReset, Registration } from '../self-service.dto.js';
import { confirmPage, forgotPage, resetPage, signUpPage } from './account-page-bodies.js';
import { AccountPageLinks } from './account-page-links.js';
import { accountTextsFor } from './account-texts.js';
import { PasswordStrength, type StrengthLevel } from './password-strength.js';
import { STRENGTH_PATH } from './password-strength-script.js';
import type { AccountTexts } from './texts/texts.js';

/** What the browser asks for. */
interface Visit {
  request: FastifyRequest;
  reply: FastifyReply;
  /** The frame of the page, with the messages that all pages share. */
  common: Texts;
  texts: AccountTexts;
}

/** The pages for accounts: sign-up, a forgotten password, and what the links in mails open. They call what the API calls. */
@Injectable()
export class AccountPages {
  private readonly input: InputPipe;

  constructor(
    @Inject(ModuleRef) modules: ModuleRef,
    private readonly policy: RegistrationPolicy,
    private readonly registrations: RegistrationService,
    private readonly recovery: PasswordRecoveryService,
    private readonly proofs: EmailProofService,
    private readonly emailChanges: EmailChangeService,
    private readonly links: AccountPageLinks,
    private readonly strength: PasswordStrength,
  ) {
    this.input = new InputPipe(modules);
  }

  /** @param form null for a GET, which changes nothing */
  signUp(request: FastifyRequest, reply: FastifyReply, form: URLSearchParams | null): Promise<PageAnswer> {
    const visit = this.visit(request, reply);
    const { texts } = visit;
    const email = form?.get('email') ?? '';
    if (!this.policy.isOpen) return this.closed(visit);
    const show = (problem: PageProblem | null): Page =>
      signUpPage(texts, {
        ...this.formOf(visit, '/signup', problem),
        email,
        termsUrl: this.policy.settings.termsUrl,
      });
    return this.answer(visit, form, show, async (fields) => {
      const body = { email, password: fields.get('password') ?? '' };
      const registration = this.read(Registration, body);
      // Programs fill in every field, and must not learn that this one gave them away.
      if (!fields.get('website')) await this.registrations.register(registration, requesterOf(request));
      return messagePage(
        'info',
        texts.signUp.sentTitle,
        emphasize(texts.signUp.sent, { email: email.trim() }),
      );
    });
  }

  forgot(request: FastifyRequest, reply: FastifyReply, form: URLSearchParams | null): Promise<PageAnswer> {
    const visit = this.visit(request, reply);
    const { texts } = visit;
    const email = form?.get('email') ?? '';
    const show = (problem: PageProblem | null): Page =>
      forgotPage(texts, { ...this.formOf(visit, '/forgot-password', problem), email });
    return this.answer(visit, form, show, async () => {
      const body = this.read(ForgottenPassword, { email });
      await this.recovery.forget(body.email, requesterOf(request));
      return messagePage(
        'info',
        texts.forgot.sentTitle,
        emphasize(texts.forgot.sent, { email: email.trim() }),
      );
    });
  }

  reset(request: FastifyRequest, reply: FastifyReply, form: URLSearchParams | null): Promise<PageAnswer> {
    const visit = this.visit(request, reply);
    const { texts } = visit;
    const token = tokenOf(request, form);
    const show = async (problem: PageProblem | null): Promise<Page> => {
      const account = await this.recovery.check(token);
      return resetPage(texts, { ...this.formOf(visit, '/reset-password', problem), token, ...account });
    };
    return this.answer(visit, form, show, async (fields) => {
      const body = this.read(PasswordReset, { token, new_password: fields.get('new_password') ?? '' });
      await this.recovery.reset(body.token, body.new_password, requesterOf(request));
      return this.complete(visit, messagePage('success', texts.reset.doneTitle, texts.reset.done));
    });
  }

  verify(request: FastifyRequest, reply: FastifyReply, form: URLSearchParams | null): Promise<PageAnswer> {
    const visit = this.visit(request, reply);
    const { verify } = visit.texts;
    const token = tokenOf(request, form);
    const action = this.links.pathOf('/verify-email');
    const show = async (): Promise<Page> =>
      confirmPage(verify, { action, token, ...(await this.proofs.check(token)) });
    return this.answer(visit, form, show, async () => {
      await this.proofs.verify(this.read(LinkToken, { token }).token, requesterOf(request));
      return this.complete(visit, messagePage('success', verify.doneTitle, verify.done));
    });
  }

  undo(request: FastifyRequest, reply: FastifyReply, form: URLSearchParams | null): Promise<PageAnswer> {
    const visit = this.visit(request, reply);
    const { undo } = visit.texts;
    const token = tokenOf(request, form);
    const action = this.links.pathOf('/undo-email');
    const show = async (): Promise<Page> =>
      confirmPage(undo, { action, token, ...(await this.emailChanges.check(token)) });
    return this.answer(visit, form, show, async () => {
      await this.emailChanges.undo(this.read(LinkToken, { token }).token, requesterOf(request));
      return messagePage('success', undo.doneTitle, undo.done);
    });
  }

  /** For `STRENGTH_SCRIPT`. */
  strengthOf({ headers }: FastifyRequest, form: URLSearchParams): { level: StrengthLevel; text: string } {
    const texts = accountTextsFor(textsFor(undefined, headers['accept-language']));
    const { level, fault } = this.strength.of(form.get('password') ?? '', form.get('email') ?? '');
    const problems: Record<string, string> = texts.problems;
    return { level, text: problems[fault ?? ''] ?? texts.strength[level] };
  }

  private visit(request: FastifyRequest, reply: FastifyReply): Visit {
    const common = textsFor(undefined, request.headers['accept-language']);
    this.links.remember(request, reply);
    return { request, reply, common, texts: accountTextsFor(common) };
  }

  private formOf({ common }: Visit, page: string, problem: PageProblem | null) {
    return {
      action: this.links.pathOf(page),
      problem,
      problemTitle: common.problems.summary,
      strengthUrl: this.links.pathOf(STRENGTH_PATH),
    };
  }

  /** @throws ApiError 422 with every wrong field */
  private read<T extends object>(type: new () => T, body: object): T {
    return this.input.transform(body, { type: 'body', metatype: type }) as T;
  }

  /** Shows the form, or does what it asks for; then shows the form again if that is refused. */
  private async answer(
    visit: Visit,
    form: URLSearchParams | null,
    show: (problem: PageProblem | null) => Page | Promise<Page>,
    submit: (form: URLSearchParams) => Promise<Page>,
  ): Promise<PageAnswer> {
    try {
      return this.finish(visit, form ? await submit(form) : await show(null));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return this.refuse(visit, error, show);
    }
  }

  private async refuse(
    visit: Visit,
    error: ApiError,
    show: (problem: PageProblem | null) => Page | Promise<Page>,
  ): Promise<PageAnswer> {
    const { common, texts } = visit;
    if (error.code === 'registration_closed') return this.closed(visit);
    if (error.errors.some(({ field }) => field === 'token') || error.status === 409) {
      return { ...this.finish(visit, expiredPage(texts, error)), status: 422 };
    }
    const { field = null } = error.errors[0] ?? {};
    const problem = { field, message: problemText(common, error, texts.problems) };
    return { ...this.finish(visit, await show(problem)), ...answerOf(error) };
  }

  /** The account can be used now: without a sign-in to go back to, the page leads to it. */
  private complete({ common, request }: Visit, page: Page): Page {
    if (this.links.back(common, request)) return page;
    return { ...page, body: html`${page.body}${this.links.toAccount(common)}` };
  }

  private finish(visit: Visit, page: Page): PageAnswer {
    const { common, request } = visit;
    const body = html`${page.body}${this.links.back(common, request)}`;
    return { page: { ...page, body }, texts: common };
  }

  private async closed(visit: Visit): Promise<PageAnswer> {
    const { closedTitle, closed } = visit.texts.signUp;
    return { ...this.finish(visit, messagePage('info', closedTitle, closed)), status: 403 };
  }
}

/** Of the form, or of the link in the mail. */
function tokenOf(request: FastifyRequest, form: URLSearchParams | null): string {
  const { token } = request.query as { token?: unknown };
  return form?.get('token') ?? (typeof token === 'string' ? token : '');
}

const expiredPage = ({ expired, problems }: AccountTexts, { code }: ApiError): Page =>
  messagePage('info', expired.title, code === 'email_taken' ? problems.email_taken : expired.lead);
