import { Injectable } from '@nestjs/common';
import type { RegistrationResponseJSON } from '@simplewebauthn/server';
import { ApiError } from '#libs/http/replies/api-error.js';
import { CurrentPassword } from '../../auth/current-password.js';
import { NewPasskeyBody, NewTotp, Reauthentication } from '../../factors/factors.dto.js';
import { factorNotFound, invalidPasskey } from '../../factors/factors.errors.js';
import { type AddedFactor, OwnFactorsService } from '../../factors/own-factors.service.js';
import { ACCOUNT_PAGE } from '../../oauth/clients/account-client.js';
import type { PageProblem } from '../../oauth/pages/elements.js';
import type { Page } from '../../oauth/pages/layout.js';
import { AccountForms } from './account-forms.js';
import type { AccountAnswer, AccountVisit } from './account-visit.js';
import {
  newCodesPage,
  ownCodesPage,
  passkeyPage,
  removalPage,
  totpConfirmationPage,
  totpPage,
} from './own-factor-bodies.js';

/** Longer than any code with its hyphens and spaces. */
const MAX_CODE = 64;

/** The pages for the second factors of the signed-in user. They ask for the same proof as the API. */
@Injectable()
export class OwnFactorPages {
  constructor(
    private readonly forms: AccountForms,
    private readonly factors: OwnFactorsService,
    private readonly password: CurrentPassword,
  ) {}

  /** Starts with a name, and goes on with the picture and the first code. */
  async authenticator(visit: AccountVisit, form: URLSearchParams | null): Promise<AccountAnswer> {
    const { account, requester, texts, pathOf } = visit;
    const { id: asked } = visit.request.query as { id?: unknown };
    const id = form ? form.get('id') : typeof asked === 'string' ? asked : null;
    if (id !== null) return this.confirmTotp(visit, id, form);
    const name = form?.get('name')?.trim() || texts.factors.kinds.totp;
    const show = (problem: PageProblem | null): Page => totpPage(visit, name, problem);
    return this.forms.answer(visit, form, show, async (fields) => {
      const body = this.forms.read(NewTotp, { name, ...passwordOf(fields) });
      await this.password.requireRecentSignIn(account, null, body.current_password, requester.audit);
      const started = await this.factors.startTotp(account, body.name);
      return { location: pathOf(`/account/authenticator?id=${started.id}`) };
    });
  }

  passkey(visit: AccountVisit, form: URLSearchParams | null): Promise<AccountAnswer> {
    const { account, requester, texts } = visit;
    const name = form?.get('name')?.trim() || texts.factors.kinds.passkey;
    const show = (problem: PageProblem | null): Page => passkeyPage(visit, name, problem);
    return this.forms.answer(visit, form, show, async (fields) => {
      const credential = readCredential(fields.get('credential') ?? '');
      const { current_password, ...body } = this.forms.read(NewPasskeyBody, {
        ...credential,
        name,
        ...passwordOf(fields),
      });
      await this.password.requireRecentSignIn(account, null, current_password, requester.audit);
      const { name: checked, ...response } = { clientExtensionResults: {}, ...body };
      // The library checks the form of what browsers send.
      const passkey = response as unknown as RegistrationResponseJSON;
      return this.added(visit, await this.factors.addPasskey(account, passkey, requester, checked));
    });
  }

  /**
   * The options of `navigator.credentials.create()`, for the script of the page.
   * @returns a problem in words where they are refused
   */
  async passkeyOptions(
    visit: AccountVisit,
    form: URLSearchParams,
  ): Promise<{ status: number; headers: Record<string, string>; body: object }> {
    const { account, requester } = visit;
    try {
      await this.forms.requireOwnForm(visit, form);
      const { current_password } = this.forms.read(Reauthentication, passwordOf(form));
      await this.password.requireRecentSignIn(account, null, current_password, requester.audit);
      return { status: 200, headers: {}, body: { options: await this.factors.passkeyOptions(account) } };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { problem, status = 400, headers = {} } = this.forms.refusal(visit, error);
      return { status, headers, body: { problem: problem.message } };
    }
  }

  recoveryCodes(visit: AccountVisit, form: URLSearchParams | null): Promise<AccountAnswer> {
    const { account, requester, common } = visit;
    const show = (problem: PageProblem | null): Page => newCodesPage(visit, problem);
    return this.forms.answer(visit, form, show, async (fields) => {
      await this.requireRecentSignIn(visit, fields);
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
      await this.requireRecentSignIn(visit, fields);
      await this.factors.remove(account.id, factor.id, requester);
      return this.forms.done(visit, 'factor_removed');
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
      if (!enrolment) throw factorNotFound();
      const code = (fields.get('code') ?? '').slice(0, MAX_CODE);
      return this.added(visit, await this.factors.confirmTotp(account, id, code, requester));
    });
  }

  private async requireRecentSignIn(visit: AccountVisit, form: URLSearchParams): Promise<void> {
    const { current_password } = this.forms.read(Reauthentication, passwordOf(form));
    const { account, requester } = visit;
    await this.password.requireRecentSignIn(account, null, current_password, requester.audit);
  }

  /** The first factor comes with recovery codes, which are shown once. */
  private added(visit: AccountVisit, { recoveryCodes }: AddedFactor): AccountAnswer {
    if (recoveryCodes === null) return this.forms.done(visit, 'factor_added');
    return { page: ownCodesPage(visit, recoveryCodes), texts: visit.common };
  }
}

/** Left out where the page did not ask for it. */
function passwordOf(form: URLSearchParams): { current_password?: string } {
  const given = form.get('current_password');
  return given ? { current_password: given } : {};
}

/** @throws ApiError 422 `invalid_passkey` if it is not even an object */
function readCredential(text: string): object {
  try {
    const credential: unknown = JSON.parse(text);
    if (typeof credential === 'object' && credential !== null) return credential;
  } catch {
    // Refused below.
  }
  throw invalidPasskey();
}
