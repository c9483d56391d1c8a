import { Injectable } from '@nestjs/common';
import type { Account } from 'oidc-provider';
import { DataSource } from 'typeorm';
import { isId } from '#libs/core/ids.js';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';
import { type ClaimsSubject, personClaims } from '../scopes.js';
import { withOauthErrors } from '../state/oauth-errors.js';

/** Accounts for oidc-provider (`findAccount`). */
@Injectable()
export class OauthAccounts {
  constructor(private readonly database: DataSource) {}

  /** @returns undefined for an account that does not exist or is not active */
  find(accountId: string): Promise<Account | undefined> {
    return withOauthErrors(async () => {
      if (!isId(accountId)) return undefined;
      const [person] = await preparedQuery<ClaimsSubject>(this.database, {
        name: 'oauth-account',
        text: `SELECT email, email_verified AS "emailVerified", first_name AS "firstName", last_name AS "lastName" FROM identity.accounts
          WHERE id = $1 AND status = 'active'`,
        values: [accountId],
      });
      return person && { accountId, claims: () => ({ sub: accountId, ...personClaims(person) }) };
    });
  }
}
