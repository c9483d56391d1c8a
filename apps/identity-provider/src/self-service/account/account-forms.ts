import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { InputPipe } from '#libs/http/input/input.pipe.js';
import { ApiError } from '#libs/http/replies/api-error.js';
import { ACCOUNT_PAGE } from '../../oauth/clients/account-client.js';
import { answerOf, problemText } from '../../oauth/pages/api-error-page.js';
import { textsFor } from '../../oauth/pages/texts/languages.js';
import type { SessionAccount } from '../../sessions/session-account.js';
import { accountTextsFor } from '../pages/account-texts.js';
import { AccountSignIn } from './account-sign-in.js';
import type { AccountAnswer, AccountVisit, ShowForm } from './account-visit.js';
import { ownAccountTextsFor } from './own-account-texts.js';

const NAMES = ['first_name', 'last_name', 'name'];
/** A problem with anything else is one of the whole form. */
const FIELDS = [...NAMES, 'email', 'current_password', 'new_password', 'code'];

/** What the forms of the account pages have in common: whose they are, how they are read, and how they are refused. */
@Injectable()
export class AccountForms {
  private readonly input: InputPipe;

  constructor(
    @Inject(ModuleRef) modules: ModuleRef,
    private readonly signIn: AccountSignIn,
  ) {
    this.input = new InputPipe(modules);
  }

  async visit(request: FastifyRequest, account: SessionAccount): Promise<AccountVisit> {
    const common = textsFor(undefined, request.headers['accept-language']);
    return {
      request,
      account,
      requester: this.signIn.requesterFor(request, account),
      common,
      texts: ownAccountTextsFor(common),
      formToken: await this.signIn.formToken(account),
      pathOf: (page) => this.signIn.pathOf(page),
    };
  }

  /** Reads a form with the fields of the API. @throws ApiError 422 with every wrong field */
  read<T extends object>(type: new () => T, body: object): T {
    return this.input.transform(body, { type: 'body', metatype: type }) as T;
  }

  /**
   * Shows a form, or does what it asks for; then shows it again if that is refused.
   * @param form null for a GET, which changes nothing
   */
  async answer(
    visit: AccountVisit,
    form: URLSearchParams | null,
    show: ShowForm,
    submit: (form: URLSearchParams) => Promise<AccountAnswer>,
  ): Promise<AccountAnswer> {
    const { common } = visit;
    if (!form) return { page: await show(null), texts: common };
    try {
      await this.requireOwnForm(visit, form);
      return await submit(form);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // The session has ended meanwhile.
      if (error.status === 401) return { location: visit.pathOf(ACCOUNT_PAGE) };
      const { problem, ...answer } = this.refusal(visit, error);
      return { page: await show(problem), texts: common, ...answer };
    }
  }

  /** @throws ApiError 403 for a form that another site, or the page of another sign-in, has sent */
  async requireOwnForm({ account }: AccountVisit, form: URLSearchParams): Promise<void> {
    if (!(await this.signIn.isOwnToken(account, form.get('form_token') ?? ''))) throw outdatedForm();
  }

  /** An error of the API in the words of the page, with the status and headers of the answer. */
  refusal({ common, texts }: AccountVisit, error: ApiError) {
    const [{ field, code } = { field: null, code: '' }] = error.errors;
    const place = field !== null && FIELDS.includes(field) ? field : null;
    // The other texts about lengths are those of passwords.
    const problems =
      place !== null && NAMES.includes(place)
        ? { [code]: texts.problems.name }
        : { ...accountTextsFor(common).problems, ...texts.problems };
    return { problem: { field: place, message: problemText(common, error, problems) }, ...answerOf(error) };
  }
}

const outdatedForm = () =>
  new ApiError(403, [{ field: null, code: 'outdated_form', message: 'This form is not of this sign-in.' }]);
