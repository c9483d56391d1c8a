import { STATUS_CODES } from 'node:http';

/** One entry of the envelope's `errors`. */
export interface ErrorEntry {
  /** The field as the request names it (`permission_ids[2]`), or null. */
  field: string | null;
  /** A stable reason in snake_case, for programs. */
  code: string;
  message: string;
}

/**
 * An error response. Any code can throw it; `error.filter.ts` turns it into an envelope.
 * Its messages are sent to the client: they must not contain internal details.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    readonly errors: ErrorEntry[],
    readonly headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    // Nobody reads the stack of an expected error, and making it is expensive when many requests are rejected.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(errors[0]?.message ?? STATUS_CODES[status] ?? 'Error', options);
    Error.stackTraceLimit = stackTraceLimit;
  }

  get code(): string {
    return this.errors[0]?.code ?? 'error';
  }
}

const single = (status: number, code: string, message: string, field: string | null = null, headers = {}) =>
  new ApiError(status, [{ field, code, message }], headers);

/** 400: the request cannot be parsed. */
export const malformed = (code = 'malformed_request', message = 'The request is malformed.') =>
  single(400, code, message);

/**
 * 401, with the same body for every reason, also for a failed login (RFC 6750, section 3.1).
 * @param credentials whether the request had a token: only the challenge depends on it
 */
export const unauthorized = (credentials: 'absent' | 'bad' = 'bad') =>
  single(401, 'unauthorized', 'Valid credentials are required.', null, {
    'www-authenticate': credentials === 'absent' ? 'Bearer' : 'Bearer error="invalid_token"',
  });

export const forbidden = (
  code = 'forbidden',
  message = 'You do not have permission to do this.',
  field?: string,
) => single(403, code, message, field);

export const notFound = (message = 'This resource does not exist.') => single(404, 'not_found', message);

export const conflict = (code: string, message: string, field?: string) => single(409, code, message, field);

/** 412: `If-Match` does not match the current version (RFC 9110, section 13.1.1). */
export const preconditionFailed = (message = 'The resource has changed since you read it.') =>
  single(412, 'precondition_failed', message);

/** 422: lists every invalid field. */
export const invalid = (errors: ErrorEntry[]) => new ApiError(422, errors);

export const invalidField = (field: string, code: string, message: string) =>
  invalid([{ field, code, message }]);

export const tooManyRequests = (retryAfterSeconds: number, code = 'too_many_requests') =>
  single(429, code, 'Too many attempts. Try again later.', null, {
    'retry-after': seconds(retryAfterSeconds),
  });

/** 503: the service is overloaded, or a dependency is not available. @param cause is only logged */
export const unavailable = (
  retryAfterSeconds = 1,
  code = 'unavailable',
  errors: ErrorEntry[] = [
    { field: null, code, message: 'The service is temporarily unavailable. Try again later.' },
  ],
  cause?: unknown,
) => new ApiError(503, errors, { 'retry-after': seconds(retryAfterSeconds) }, { cause });

const seconds = (value: number) => String(Math.max(1, Math.ceil(value)));
