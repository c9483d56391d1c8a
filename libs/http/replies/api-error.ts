import { STATUS_CODES } from 'node:http';

/** One entry of the envelope's `errors`: `field` as the request spells it (`permission_ids[2]`), or null. */
export interface ErrorEntry {
  field: string | null;
  /** A stable snake_case reason: what clients read. */
  code: string;
  message: string;
}

/**
 * An answer other than success. Thrown anywhere, turned into an envelope in one place (`error.filter.ts`).
 * Its texts go to the client: never put anything of the inside into them.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    readonly errors: ErrorEntry[],
    readonly headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    // An answer like any other, and nobody reads where it was made: refusing a flood is cheaper without a stack.
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

/** 400: what cannot be parsed. */
export const malformed = (code = 'malformed_request', message = 'The request could not be understood.') =>
  single(400, code, message);

/**
 * 401, one and the same body for every reason, a failed login included (RFC 6750, section 3.1).
 * @param credentials whether the request carried a token: decides the challenge alone
 */
export const unauthorized = (credentials: 'absent' | 'bad' = 'bad') =>
  single(401, 'unauthorized', 'Valid credentials are required.', null, {
    'www-authenticate': credentials === 'absent' ? 'Bearer' : 'Bearer error="invalid_token"',
  });

export const forbidden = (code = 'forbidden', message = 'You have no right to do this.', field?: string) =>
  single(403, code, message, field);

export const notFound = (message = 'There is no such resource.') => single(404, 'not_found', message);

export const conflict = (code: string, message: string, field?: string) => single(409, code, message, field);

/** 412: `If-Match` names a version that is not the current one (RFC 9110, section 13.1.1). */
export const preconditionFailed = (message = 'The resource has changed since you read it.') =>
  single(412, 'precondition_failed', message);

/** 422: every wrong field at once. */
export const invalid = (errors: ErrorEntry[]) => new ApiError(422, errors);

export const invalidField = (field: string, code: string, message: string) =>
  invalid([{ field, code, message }]);

export const tooManyRequests = (retryAfterSeconds: number, code = 'too_many_requests') =>
  single(429, code, 'Too many attempts. Try again later.', null, {
    'retry-after': seconds(retryAfterSeconds),
  });

/** 503: overload, or a dependency that is away. @param cause for the log alone */
export const unavailable = (
  retryAfterSeconds = 1,
  code = 'unavailable',
  errors: ErrorEntry[] = [
    { field: null, code, message: 'The service cannot answer at the moment. Try again later.' },
  ],
  cause?: unknown,
) => new ApiError(503, errors, { 'retry-after': seconds(retryAfterSeconds) }, { cause });

const seconds = (value: number) => String(Math.max(1, Math.ceil(value)));
