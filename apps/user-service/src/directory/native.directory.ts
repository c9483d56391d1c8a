import type { FastifyRequest } from 'fastify';
import { ApiError, type ErrorEntry, notFound, unauthorized } from '#libs/http/replies/api-error.js';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';
import {
  type IdentityProviderClient,
  identityProviderUnavailable,
} from '../rights/identity-provider.client.js';
import type { IssuerProfile } from '../users/profile.js';
import type { Directory, NameChange } from './directory.js';

/** The fields of the answer to `PATCH /api/v1/auth/me` that are used here. */
interface OwnAccount {
  username: string;
  email: string;
  email_verified: boolean;
  first_name: string | null;
  last_name: string | null;
  account: { updated_at: string };
}

/** The accounts of identity-provider. Users change their own, with their own token. */
export class NativeDirectory implements Directory {
  constructor(
    private readonly issuer: IssuerId,
    private readonly identityProvider: IdentityProviderClient,
  ) {}

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
      issuer: this.issuer,
      sub,
      username: account.username,
      email: account.email,
      emailVerified: account.email_verified,
      firstName: account.first_name,
      lastName: account.last_name,
      assertedAt: new Date(account.account.updated_at),
    };
  }

  /** Not offered. A native token names its user, so that no lookup is needed. */
  async findBySubject(): Promise<null> {
    return null;
  }

  /** Not offered. Native users are found by their profile, which their first call makes. */
  async findByUsername(): Promise<null> {
    return null;
  }

  /** Uses the caller's token alone. */
  async assertAccess(): Promise<void> {}
}

/** Errors that the client can correct are passed on; identity-provider does not answer in any other way. */
const refusal = (status: number, errors: ErrorEntry[]): ApiError =>
  [403, 409, 422].includes(status) && errors.length > 0
    ? new ApiError(status, errors)
    : identityProviderUnavailable(`answered ${status}`);
