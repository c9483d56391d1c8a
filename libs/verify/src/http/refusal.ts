import { hasPermission, type Principal } from '../principal.js';
import type { TokenError } from '../token-error.js';

/** An HTTP response that refuses a request. It never says why a token is refused. */
export interface Refusal {
  readonly status: 401 | 403 | 503;
  readonly code: 'unauthorized' | 'forbidden' | 'unavailable';
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

export const FORBIDDEN: Refusal = {
  status: 403,
  code: 'forbidden',
  message: 'You do not have permission to do this.',
  headers: {},
};

/**
 * 401 with a challenge (RFC 6750, section 3), whose body is the same for every reason; 503 where the token may be valid
 * and only cannot be verified now.
 */
export function refusalOf({ code, status, retryAfterSeconds }: TokenError): Refusal {
  if (status === 503) {
    return {
      status,
      code: 'unavailable',
      message: 'The service is temporarily unavailable. Try again later.',
      headers: { 'retry-after': String(retryAfterSeconds) },
    };
  }
  return {
    status,
    code: 'unauthorized',
    message: 'Valid credentials are required.',
    headers: {
      'www-authenticate': code === 'credentials_absent' ? 'Bearer' : 'Bearer error="invalid_token"',
    },
  };
}

/** Whether the caller has at least one of these permissions, or `*`. */
export const hasAnyPermission = (caller: Principal, permissions: readonly string[]): boolean =>
  permissions.some((permission) => hasPermission(caller.permissions, permission));
