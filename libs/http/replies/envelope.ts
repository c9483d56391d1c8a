import type { ApiError, ErrorEntry } from './api-error.js';
import type { ListPage } from '../input/list-request.js';

/** A page's bounds, where `data` is a list. */
export interface PageMeta {
  limit: number;
  next_cursor: string | null;
  total?: number;
}

/** Every answer's outermost form: always exactly these six keys. */
export interface Envelope {
  status: 'success' | 'error';
  code: number;
  message: string;
  data: unknown;
  errors: ErrorEntry[] | null;
  meta: PageMeta | null;
}

/**
 * What a handler returns when it says more than its data: a page's meta, a strong entity tag, where the
 * created resource is. A handler with nothing to add returns its data as it is.
 */
export class Reply<T = unknown> {
  meta: PageMeta | null = null;
  etag: string | null = null;
  createdId: string | null = null;

  constructor(readonly data: T | null) {}

  static nothing(): Reply<never> {
    return new Reply<never>(null);
  }

  /** @param map gives the representation of one entry */
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

  /** Names the created resource: the `Location` header is this id below the route's own path. */
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

/** A class, so that the hook which encloses successes knows that this is enclosed already. */
export class ErrorEnvelope implements Envelope {
  readonly status = 'error';
  readonly code: number;
  readonly message: string;
  readonly data: unknown;
  readonly errors: ErrorEntry[];
  readonly meta: null;

  /** @param data null but for a health report, which a 503 carries too */
  constructor({ status, message, errors }: ApiError, data: unknown = null) {
    this.code = status;
    this.message = status === 422 && errors.length > 1 ? `${errors.length} fields are wrong.` : message;
    this.data = data;
    this.errors = errors;
    this.meta = null;
  }
}
