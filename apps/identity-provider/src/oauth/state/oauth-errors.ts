import { isBadValue, isUnavailable } from '#libs/database/errors/pg-errors.js';
import { ApiError } from '#libs/http/replies/api-error.js';
import { errors } from '../oidc.js';

/** Too many wrong client secrets or device codes from one address. */
export class TooManyAttempts extends errors.CustomOIDCProviderError {
  override readonly name = 'TooManyAttempts';

  constructor(readonly retryAfter: string) {
    super('slow_down', 'Too many attempts. Try again later.');
    Object.assign(this, { status: 429, statusCode: 429, expose: true });
  }
}

/** A dependency is away: 503 in place of oidc-provider's 500. */
export class OauthUnavailable extends errors.CustomOIDCProviderError {
  override readonly name = 'OauthUnavailable';

  constructor(
    cause: unknown,
    readonly retryAfter = '1',
  ) {
    super('temporarily_unavailable', 'The service is temporarily unavailable. Try again later.');
    Object.assign(this, { status: 503, statusCode: 503, expose: true, cause });
  }
}

/** The header `Retry-After` of a 429 or 503, in seconds; null for other errors. */
export const retryAfterOf = (error: unknown): string | null =>
  error instanceof TooManyAttempts || error instanceof OauthUnavailable ? error.retryAfter : null;

/** Runs what oidc-provider calls back. Errors that a client or an outage causes must not become its 500. */
export async function withOauthErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toOauthError(error);
  }
}

function toOauthError(error: unknown): unknown {
  if (error instanceof errors.OIDCProviderError) return error;
  if (error instanceof ApiError && error.status === 429)
    return new TooManyAttempts(error.headers['retry-after'] ?? '1');
  if (error instanceof ApiError && error.status === 503)
    return new OauthUnavailable(error, error.headers['retry-after']);
  if (isUnavailable(error)) return new OauthUnavailable(error);
  if (isBadValue(error)) return new errors.InvalidRequest('a parameter has characters that are not allowed');
  return error;
}
