import type { ErrorEntry } from '#libs/http/replies/api-error.js';
import type { PageMetaReply } from '#libs/http/replies/replies.js';

/** A response with its parsed body. `Data` is the type of `data` that the test expects. */
export interface Answer<Data> {
  status: number;
  headers: Headers;
  message: string;
  data: Data;
  /** `field code` of each entry, `- code` for entries without a field; empty on success. */
  errors: string[];
  meta: PageMetaReply;
}

// biome-ignore lint/suspicious/noExplicitAny: tests assert what they read
type Anything = any;

/** A client of one listener, with one caller's token or without a token. */
export class Api {
  constructor(
    readonly url: string,
    readonly token: string | null = null,
  ) {}

  as(token: string): Api {
    return new Api(this.url, token);
  }

  get<Data = Anything>(path: string, headers?: Record<string, string>): Promise<Answer<Data>> {
    return this.send('GET', path, undefined, headers);
  }

  post<Data = Anything>(path: string, body?: unknown): Promise<Answer<Data>> {
    return this.send('POST', path, body);
  }

  patch<Data = Anything>(
    path: string,
    body: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<Data>> {
    return this.send('PATCH', path, body, headers);
  }

  put<Data = Anything>(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer<Data>> {
    return this.send('PUT', path, body, headers);
  }

  delete<Data = Anything>(path: string, headers?: Record<string, string>): Promise<Answer<Data>> {
    return this.send('DELETE', path, undefined, headers);
  }

  private async send<Data>(
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<Data>> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(this.token === null ? {} : { authorization: `Bearer ${this.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const { message, data, errors, meta } = text === '' ? ({} as Anything) : JSON.parse(text);
    return {
      status: response.status,
      headers: response.headers,
      message,
      data,
      errors: ((errors ?? []) as ErrorEntry[]).map(({ field, code }) => `${field ?? '-'} ${code}`),
      meta,
    };
  }
}
