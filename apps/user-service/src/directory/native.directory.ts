import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ApiError, type ErrorEntry, notFound, unauthorized } from '#libs/http/replies/api-error.js';
import { IdentityProviderClient, identityProviderUnavailable } from '../rights/identity-provider.client.js';
import type { IssuerProfile } from '../users/profile.js';
import type { Directory, NameChange } from './directory.js';

/** What `PATCH /api/v1/auth/me` answers, as far as it matters here. */
interface OwnAccount {
  username: string;
  email: string;
  first_name: string | null;
  last_name: string | null;
  account: { updated_at: string };
}

/** Native people are identity-provider's accounts: each changes his own, with his own token. */
@Injectable()
export class NativeDirectory implements Directory {
  constructor(private readonly identityProvider: IdentityProviderClient) {}

  async rename(
    caller: FastifyRequest,
    sub: string,
    { firstName, lastName }: NameChange,
  ): Promise<IssuerProfile> {
    const { status, data, errors } = await this.identityProvider.call('PATCH', '/api/v1/auth/me', caller, {
      first_name: firstName,
      last_name: lastName,
    });
    if (status === 401) throw unauthorized();
    if (status === 404) throw notFound();
    if (status !== 200) throw refusal(status, errors);
    const account = data as OwnAccount;
    if (!account?.account) throw identityProviderUnavailable('answered without an account');
    return {
      issuer: 'native',
      sub,
      username: account.username,
      email: account.email,
      firstName: account.first_name,
      lastName: account.last_name,
      assertedAt: new Date(account.account.updated_at),
    };
  }
}

/** What is the client's to mend is passed on; anything else is not identity-provider's way of answering. */
const refusal = (status: number, errors: ErrorEntry[]): ApiError =>
  [403, 409, 422].includes(status) && errors.length > 0
    ? new ApiError(status, errors)
    : identityProviderUnavailable(`answered ${status}`);
