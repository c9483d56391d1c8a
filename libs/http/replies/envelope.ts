import type { ListPage } from '../input/list-request.js';
import type { ApiError, ErrorEntry } from './api-error.js';

/** Describes the page if `data` is a list. */
export interface PageMeta {
  limit: number;
  next_cursor: string | null;
  total?: number;
}

/** The body of every response: always exactly these six keys. */
export interface Envelope {
  status: 'success' | 'error';
  code: number;
  message: string;
  data: unknown;
  errors: ErrorEntry[] | null;
  meta: PageMeta | null;
}

/**
 * Returned by handlers that send more than data: page information, a strong entity tag, or the id of the created
 * resource. Other handlers return their data directly.
 */
export class Reply<T = unknown> {
  meta: PageMeta | null = null;
  etag: string | null = null;
  createdId: string | null = null;

  constructor(readonly data: T | null) {}

  static nothing(): Reply<never> {
    return new Reply<never>(null);
  }

  /** @param map turns an item into its representation */
  static page<Item, T>(
    { items, limit, nextCursor, total }: ListPage<Item>,
    map: (item: Item) => T,
  ): Reply<T[]> {
    const reply = new Reply(items.map(map));
    reply.meta = { limit, next_cursor: nextCursor, ...(total === undefined ? {} : { total }) };
    return reply;
  }

  static tagged<T>(data: T, etag: string): Reply<T> {
    const reply = new Reply(data);
    reply.etag = etag;
    return reply;
  }

  /** Sets the `Location` header to the route's path followed by this id. */
  created(id: string): this {
    this.createdId = id;
    return this;
  }
}

export function successEnvelope(
  code: number,
  message: string,
  data: unknown,
  meta: PageMeta | null,
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
