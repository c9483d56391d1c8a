import { errorMessage } from '#libs/core/user-facing-error.js';

const TIMEOUT_MS = 10_000;

export interface JsonResponse {
  status: number;
  /** Parsed JSON; null if the body is not JSON. */
  body: Record<string, unknown> | null;
  /** The local time half-way between request and response, in milliseconds since the epoch. */
  at: number;
}

/**
 * Sends one HTTP request: no redirects, at most 10 s.
 * @returns the reason as text if there is no response
 */
export async function fetchJson(url: string, init: RequestInit = {}): Promise<JsonResponse | string> {
  try {
    return await fetchJsonOrThrow(url, init);
  } catch (error) {
    return reasonOf(error);
  }
}

/** Like `fetchJson`. @throws the network error if there is no response */
export async function fetchJsonOrThrow(url: string, init: RequestInit = {}): Promise<JsonResponse> {
  const before = Date.now();
  const response = await fetch(url, {
    ...init,
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: { cause?: unknown }) => {
    throw error.cause ?? error;
  });
  const at = (before + Date.now()) / 2;
  const body = await response.json().catch(() => null);
  return {
    status: response.status,
    body: typeof body === 'object' ? (body as JsonResponse['body']) : null,
    at,
  };
}

/** OpenSSL's message contains a path of its source code, so Node's error code is used instead. */
function reasonOf(error: unknown): string {
  const code = String((error as { code?: unknown }).code);
  const reason = /^ERR_SSL_(.*)/.exec(code)?.[1];
  return reason ? `no TLS connection (${reason.toLowerCase().replaceAll('_', ' ')})` : errorMessage(error);
}
