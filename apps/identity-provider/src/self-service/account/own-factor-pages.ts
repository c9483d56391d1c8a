import { Injectable } from '@nestjs/common';
import { ApiError } from '#libs/http/replies/api-error.js';
import { NewTotp } from '../../factors/factors.dto.js';
import { OwnFactorsService } from '../../factors/own-factors.service.js';
import { MAX_CODE } from '../../factors/recovery-code.js';
import { ACCOUNT_PAGE } from '../../oauth/clients/account-client.js';
import type { PageProblem } from '../../oauth/pages/elements.js';
import type { Page } from '../../oauth/pages/layout.js';
import { AccountForms } from './account-forms.js';
import { type AccountAnswer, type AccountVisit, doneAnswer } from './account-visit.js';
import { addedAnswer } from './added-answer.js';
import {
  newCodesPage,
  ownCodesPage,
  removalPage,
  totpConfirmationPage,
  totpPage,
} from './own-factor-bodies.js';
import { RecentSignIn } from './recent-sign-in.js';

/** The pages for authenticator apps, recovery codes and removals. They ask for the same proof as the API. */
@Injectable()
export class OwnFactorPages {
  constructor(
    private readonly forms: AccountForms,
    private readonly factors: OwnFactorsService,
    private readonly recent: RecentSignIn,
  ) {}

  /** Starts with a name, and goes on with the picture and the first code. */
  async authenticator(visit: AccountVisit, form: URLSearchParams | null): Promise<AccountAnswer> {
    const { account, texts, pathOf } = visit;
    const { id: asked } = visit.request.query as { id?: unknown };
    const id = form ? form.get('id') : typeof asked === 'string' ? asked : null;
    if (id !== null) return this.confirmTotp(visit, id, form);
    const name = form?.get('name')?.trim() || texts.factors.kinds.totp;
    const show = (problem: PageProblem | null): Page => totpPage(visit, name, problem);
    return this.forms.answer(visit, form, show, async (fields) => {
      const body = this.forms.read(NewTotp, { name });
      await this.recent.require(visit, fields);
      const started = await this.factors.startTotp(account, body.name);
      return { location: pathOf(`/account/authenticator?id=${started.id}`) };
    });
  }

  recoveryCodes(visit: AccountVisit, form: URLSearchParams | null): Promise<AccountAnswer> {
    const { account, requester, common } = visit;
    const show = (problem: PageProblem | null): Page => newCodesPage(visit, problem);
    return this.forms.answer(visit, form, show, async (fields) => {
      await this.recent.require(visit, fields);
      const { recoveryCodes } = await this.factors.renewRecoveryCodes(account, requester);
      return { page: ownCodesPage(visit, recoveryCodes ?? []), texts: common };
    });
  }

  /** Asks before a factor is removed. One that is gone leads back to the account page. */
  async removal(visit: AccountVisit, form: URLSearchParams | null): Promise<AccountAnswer> {
    const { account, requester, pathOf } = visit;
    const { id: asked } = visit.request.query as { id?: unknown };
    const id = form ? form.get('id') : asked;
    const all = await this.factors.list(account.id);
    const factor = all.find((each) => each.id === id);
    if (!factor) return { location: pathOf(ACCOUNT_PAGE) };
    const isLast = !all.some((each) => each.id !== id && each.kind !== 'recovery_codes');
    const show = (problem: PageProblem | null): Page => removalPage(visit, factor, { isLast, problem });
    return this.forms.answer(visit, form, show, async (fields) => {
      await this.recent.require(visit, fields);
      await this.factors.remove(account.id, factor.id, requester);
      return doneAnswer(visit, 'factor_removed');
    });
  }

  /** A page that is loaded again shows the same picture, as long as the app waits for its code. */
  private async confirmTotp(
    visit: AccountVisit,
    id: string,
    form: URLSearchParams | null,
  ): Promise<AccountAnswer> {
    const { account, requester, texts, pathOf } = visit;
    const enrolment = await this.factors.findWaitingTotp(account, id);
    if (!enrolment && !form) return { location: pathOf('/account/authenticator') };
    const show = (problem: PageProblem | null): Page =>
      enrolment
        ? totpConfirmationPage(visit, { id, ...enrolment }, problem)
        : totpPage(visit, texts.factors.kinds.totp, problem);
    return this.forms.answer(visit, form, show, async (fields) => {
      const code = (fields.get('code') ?? '').slice(0, MAX_CODE);
      try {
        return addedAnswer(visit, await this.factors.confirmTotp(account, id, code, requester));
      } catch (error) {
        if (await this.isRepeated(account.id, id, error)) return doneAnswer(visit, 'factor_present');
        throw error;
      }
    });
  }

  /** Whether the same form was sent twice, and the first request has added the app. */
  private async isRepeated(accountId: string, id: string, error: unknown): Promise<boolean> {
    if (!(error instanceof ApiError) || error.code !== 'not_found') return false;
    return (await this.factors.list(accountId)).some((each) => each.id === id);
  }
}
