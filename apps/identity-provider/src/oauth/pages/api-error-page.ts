import type { ApiError } from '#libs/http/replies/api-error.js';
import { fill, type Texts } from './texts/texts.js';
import type { PageAnswer } from './visit.js';

/** The status and headers of a page that shows an error of the API: browsers have no use for its other headers. */
export function answerOf({
  status,
  headers: { 'retry-after': retryAfter },
}: ApiError): Required<Pick<PageAnswer, 'status' | 'headers'>> {
  return { status, headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter } };
}

/** What a page says about a 429 or a 503; undefined for other errors. @param unavailable for a 503 */
export function retryText(
  { problems }: Texts,
  { status, headers }: ApiError,
  unavailable = problems.unavailable,
): string | undefined {
  if (status === 429) return fill(problems.throttled, { seconds: headers['retry-after'] ?? '1' });
  return status === 503 ? unavailable : undefined;
}

/**
 * The first problem of an error in the words of a page.
 * @param problems texts by code. Another 422 is shown as it is, in English; every other error as unavailable.
 */
export const problemText = (
  common: Texts,
  error: ApiError,
  problems: Readonly<Record<string, string>>,
): string =>
  retryText(common, error) ??
  problems[error.code] ??
  (error.status === 422 ? error.message : common.problems.unavailable);
