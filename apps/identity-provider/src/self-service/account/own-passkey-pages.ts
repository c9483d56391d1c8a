import { Injectable } from '@nestjs/common';
import type { RegistrationResponseJSON } from '@simplewebauthn/server';
import { ApiError } from '#libs/http/replies/api-error.js';
import { NewPasskeyBody } from '../../factors/factors.dto.js';
import { invalidPasskey } from '../../factors/factors.errors.js';
import { OwnFactorsService } from '../../factors/own-factors.service.js';
import { Passkeys } from '../../factors/passkeys.js';
import type { PageProblem } from '../../oauth/pages/elements.js';
import type { Page } from '../../oauth/pages/layout.js';
import { readCredential } from '../../oauth/pages/passkey-credential.js';
import { AccountForms } from './account-forms.js';
import { type AccountAnswer, type AccountVisit, doneAnswer } from './account-visit.js';
import { addedAnswer } from './added-answer.js';
import { passkeyPage } from './own-factor-bodies.js';
import { RecentSignIn } from './recent-sign-in.js';

/** The page that adds a passkey to the account of the signed-in user. */
@Injectable()
export class OwnPasskeyPages {
  constructor(
    private readonly forms: AccountForms,
    private readonly factors: OwnFactorsService,
    private readonly passkeys: Passkeys,
    private readonly recent: RecentSignIn,
  ) {}

  page(visit: AccountVisit, form: URLSearchParams | null): Promise<AccountAnswer> {
    const { account, requester, texts } = visit;
    const name = form?.get('name')?.trim() || texts.factors.kinds.passkey;
    const show = (problem: PageProblem | null): Page => passkeyPage(visit, name, problem);
    return this.forms.answer(visit, form, show, async (fields) => {
      const credential = readCredential<RegistrationResponseJSON>(fields.get('credential') ?? '');
      if (credential === null) throw invalidPasskey();
      const body = this.forms.read(NewPasskeyBody, { ...credential, name });
      await this.recent.require(visit, fields);
      const { name: checked, ...response } = { clientExtensionResults: {}, ...body };
      // The library checks the form of what browsers send.
      const passkey = response as unknown as RegistrationResponseJSON;
      try {
        const added = await this.factors.addPasskey(account, passkey, requester, { name: checked });
        return addedAnswer(visit, added);
      } catch (error) {
        if (!(error instanceof ApiError) || !(await this.passkeys.isOfAccount(account.id, passkey.id)))
          throw error;
        // The page with the recovery codes was loaded again.
        return doneAnswer(visit, 'factor_present');
      }
    });
  }

  /**
   * The options of `navigator.credentials.create()`, for the script of the page.
   * @returns a problem in words where they are refused
   */
  async options(
    visit: AccountVisit,
    form: URLSearchParams,
  ): Promise<{ status: number; headers: Record<string, string>; body: object }> {
    const { account } = visit;
    try {
      await this.forms.requireOwnForm(visit, form);
      await this.recent.require(visit, form);
      return { status: 200, headers: {}, body: { options: await this.factors.passkeyOptions(account) } };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { problem, status, headers } = this.forms.refusal(visit, error);
      return { status, headers, body: { problem: problem.message } };
    }
  }
}
