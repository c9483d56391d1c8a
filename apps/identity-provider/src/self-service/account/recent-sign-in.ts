import { Injectable } from '@nestjs/common';
import { CurrentPassword } from '../../auth/current-password.js';
import { Reauthentication } from '../../factors/factors.dto.js';
import { AccountForms } from './account-forms.js';
import type { AccountVisit } from './account-visit.js';

/** Requires a recent sign-in, or the current password in the form, as the API does. */
@Injectable()
export class RecentSignIn {
  constructor(
    private readonly forms: AccountForms,
    private readonly password: CurrentPassword,
  ) {}

  /** @throws ApiError 403 `reauthentication_required`, 422 `wrong_password`, 429, 503 */
  async require({ account, requester }: AccountVisit, form: URLSearchParams): Promise<void> {
    // The field is not there where the page did not ask for it.
    const given = form.get('current_password');
    const { current_password } = this.forms.read(Reauthentication, given ? { current_password: given } : {});
    await this.password.requireRecentSignIn(account, null, current_password, requester.audit);
  }
}
