import { Injectable } from '@nestjs/common';
import { isId } from '#libs/core/ids.js';
import { ApiError } from '#libs/http/replies/api-error.js';
import { OwnName, PasswordChange } from '../../auth/own-account.dto.js';
import { OwnAccountService } from '../../auth/own-account.service.js';
import { OwnFactorsService } from '../../factors/own-factors.service.js';
import { MailTransport } from '../../mail/mail-transport.js';
import { ACCOUNT_PAGE } from '../../oauth/clients/account-client.js';
import type { PageProblem } from '../../oauth/pages/elements.js';
import { html } from '../../oauth/pages/html.js';
import type { Page } from '../../oauth/pages/layout.js';
import { messagePage } from '../../oauth/pages/page-bodies.js';
import { AccountSessionsService } from '../../sessions/account-sessions.service.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import { EmailChangeService } from '../email-change.service.js';
import { EmailChange } from '../self-service.dto.js';
import { emailPage, namePage, passwordPage } from './account-form-bodies.js';
import { AccountForms } from './account-forms.js';
import { overviewPage } from './account-overview.js';
import { type AccountAnswer, type AccountVisit, doneAnswer } from './account-visit.js';
import { ShownSessions } from './shown-sessions.js';
import { DONE } from './texts/texts.js';

/** The session has ended already. */
function ignoreNotFound(error: unknown): void {
  if (!(error instanceof ApiError && error.status === 404)) throw error;
}

/** The account page: name, email, password and sessions of the signed-in user. They call what the API calls. */
@Injectable()
export class OwnAccountPages {
  constructor(
    private readonly forms: AccountForms,
    private readonly account: OwnAccountService,
    private readonly emailChanges: EmailChangeService,
    private readonly factors: OwnFactorsService,
    private readonly ownSessions: AccountSessionsService,
    private readonly sessions: SessionsService,
    private readonly shown: ShownSessions,
    private readonly mails: MailTransport,
  ) {}

  async overview(visit: AccountVisit): Promise<AccountAnswer> {
    return { page: await this.showOverview(visit, null), texts: visit.common };
  }

  name(visit: AccountVisit, form: URLSearchParams | null): Promise<AccountAnswer> {
    const { account } = visit;
    const first = form?.get('first_name') ?? account.firstName ?? '';
    const last = form?.get('last_name') ?? account.lastName ?? '';
    const show = (problem: PageProblem | null): Page => namePage(visit, { first, last }, problem);
    return this.forms.answer(visit, form, show, async () => {
      const name = this.forms.read(OwnName, {
        first_name: first.trim() || null,
        last_name: last.trim() || null,
      });
      await this.account.rename(account, name, visit.requester.audit);
      return doneAnswer(visit, 'name');
    });
  }

  async email(visit: AccountVisit, form: URLSearchParams | null): Promise<AccountAnswer> {
    const { account, pathOf } = visit;
    if (!this.mails.isAvailable) return { location: pathOf(ACCOUNT_PAGE) };
    // An address that is not confirmed yet gets another link.
    const email = form?.get('email') ?? (account.emailVerified ? '' : account.email);
    const show = (problem: PageProblem | null): Page => emailPage(visit, email, problem);
    return this.forms.answer(visit, form, show, async (fields) => {
      const change = this.forms.read(EmailChange, {
        email,
        current_password: fields.get('current_password') ?? '',
      });
      await this.emailChanges.request(account, change, visit.requester);
      return doneAnswer(visit, 'email');
    });
  }

  password(visit: AccountVisit, form: URLSearchParams | null): Promise<AccountAnswer> {
    const show = (problem: PageProblem | null): Page => passwordPage(visit, this.mails.isAvailable, problem);
    return this.forms.answer(visit, form, show, async (fields) => {
      const change = this.forms.read(PasswordChange, {
        current_password: fields.get('current_password') ?? '',
        new_password: fields.get('new_password') ?? '',
      });
      await this.account.changePassword(visit.account, change, visit.requester);
      return doneAnswer(visit, 'password');
    });
  }

  /** Ends one session, or all of them. */
  endSessions(visit: AccountVisit, form: URLSearchParams): Promise<AccountAnswer> {
    const { account, requester, texts, common, pathOf } = visit;
    const { audit } = requester;
    const show = (problem: PageProblem | null): Promise<Page> => this.showOverview(visit, problem);
    return this.forms.answer(visit, form, show, async (fields) => {
      if (fields.get('all') !== 'yes') {
        const id = fields.get('id');
        if (isId(id)) await this.ownSessions.endOwn(account.id, id, audit).catch(ignoreNotFound);
        return doneAnswer(visit, 'session_ended');
      }
      await this.sessions.endAll(account.id, { audit, reason: 'logout_all' });
      const { sessions: own, signIn } = texts;
      const ended = messagePage('success', own.endedTitle, own.ended);
      const body = html`${ended.body}
<div class="actions"><a class="button" href="${pathOf(ACCOUNT_PAGE)}">${signIn.submit}</a></div>`;
      return { page: { ...ended, body }, texts: common };
    });
  }

  private async showOverview(visit: AccountVisit, problem: PageProblem | null): Promise<Page> {
    const { account, request } = visit;
    const { done: named } = request.query as { done?: unknown };
    const [factors, sessions] = await Promise.all([this.factors.list(account.id), this.shown.of(account)]);
    return overviewPage(visit, {
      factors,
      ...sessions,
      canChangeEmail: this.mails.isAvailable,
      done: DONE.find((each) => each === named) ?? null,
      problem,
    });
  }
}
