/** One entry of a response's `errors`. */
export interface ErrorEntry {
  field: string | null;
  code: string;
  message: string;
}

/** An error response. Programs read `status` and each entry's `code`; messages are for people. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly entries: ErrorEntry[],
  ) {
    super(message);
  }

  has(code: string): boolean {
    return this.entries.some((entry) => entry.code === code);
  }
}

/**
 * Calls one of the services and unwraps the envelope.
 * @returns the response's `data`
 * @throws ApiError, with status 0 if the service does not answer
 */
export async function call<T>(method: string, url: string, token: string | null, body?: object): Promise<T> {
  const headers = new Headers();
  if (token) headers.set('authorization', `Bearer ${token}`);
  if (body) headers.set('content-type', 'application/json');
  let response: Response;
  try {
    response = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  } catch {
    throw new ApiError(0, 'The service cannot be reached. Is it running?', []);
  }
  const envelope = await response.json();
  if (envelope.status === 'success') return envelope.data;
  throw new ApiError(response.status, envelope.message, envelope.errors);
}
