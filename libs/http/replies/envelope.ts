import type { ApiError, ErrorEntry } from './api-error.js';
import type { PageMetaReply } from './replies.js';

/** The body of every response: always exactly these six keys. */
export interface Envelope {
  status: 'success' | 'error';
  code: number;
  message: string;
  data: unknown;
  errors: ErrorEntry[] | null;
  meta: PageMetaReply | null;
}

export function successEnvelope(
  code: number,
  message: string,
  data: unknown,
  meta: PageMetaReply | null,
): Envelope {
  return { status: 'success', code, message, data: data ?? null, errors: null, meta };
}

/** A class, so that the envelope hook can tell that the payload is an envelope already. */
export class ErrorEnvelope implements Envelope {
  readonly status = 'error';
  readonly code: number;
  readonly message: string;
  readonly data: unknown;
  readonly errors: ErrorEntry[];
  readonly meta: null;

  /** @param data only a health report has data in an error response */
  constructor({ status, message, errors }: ApiError, data: unknown = null) {
    this.code = status;
    this.message = status === 422 && errors.length > 1 ? `${errors.length} fields are wrong.` : message;
    this.data = data;
    this.errors = errors;
    this.meta = null;
  }
}
