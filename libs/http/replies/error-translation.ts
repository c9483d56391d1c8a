import { HttpException } from '@nestjs/common';
import { ApiError } from './api-error.js';

/** Turns an error of another library into an ApiError, or returns null if it does not know the error. */
export type ErrorTranslator = (error: unknown) => ApiError | null;

const BY_STATUS: Record<number, [code: string, message: string]> = {
  400: ['malformed_request', 'The request is malformed.'],
  404: ['not_found', 'This resource does not exist.'],
  405: ['method_not_allowed', 'This resource does not support this method.'],
  408: ['request_timeout', 'The request took too long to arrive.'],
  413: ['payload_too_large', 'The body is larger than 100 KiB.'],
  415: ['unsupported_media_type', 'A body must be application/json in UTF-8, without content encoding.'],
  429: ['too_many_requests', 'Too many requests. Try again later.'],
  431: ['headers_too_large', 'The request headers are too large.'],
  500: ['internal_error', 'An internal error occurred.'],
  503: ['unavailable', 'The service is temporarily unavailable. Try again later.'],
};

/** Makes the error of a status. The original message is not used: it may contain internal details. */
export function errorForStatus(status: number): ApiError {
  const known = BY_STATUS[status] ? status : status >= 500 ? 500 : 400;
  const [code, message] = BY_STATUS[known] as [string, string];
  return new ApiError(known, [{ field: null, code, message }], known === 503 ? { 'retry-after': '1' } : {});
}

/** Errors of Nest and Fastify keep a 4xx status; all others become a 500. */
const translateFrameworkError: ErrorTranslator = (error) => {
  if (error instanceof ApiError) return error;
  const status =
    error instanceof HttpException ? error.getStatus() : (error as { statusCode?: unknown })?.statusCode;
  return typeof status === 'number' && status >= 400 && status < 500 ? errorForStatus(status) : null;
};

/** @param translators are tried in order; an error that none of them knows becomes a 500 */
export function translateError(error: unknown, translators: readonly ErrorTranslator[]): ApiError {
  for (const translate of [translateFrameworkError, ...translators]) {
    const translated = translate(error);
    if (translated) return translated;
  }
  return errorForStatus(500);
}
