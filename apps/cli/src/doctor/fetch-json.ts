import { messageOf } from '#libs/core/user-facing-error.js';

const TIMEOUT_MS = 10_000;

export interface Answer {
  status: number;
  /** Parsed JSON; null where it is none. */
  body: Record<string, unknown> | null;
  /** Our time half-way between question and answer, in milliseconds since the epoch. */
  at: number;
}

/** One HTTP request, no redirects, 10 s. @returns why there is no answer, as text, where there is none */
export async function fetchJson(url: string, init: RequestInit = {}): Promise<Answer | string> {
  try {
    return await fetchAnswer(url, init);
  } catch (error) {
    return reasonOf(error);
  }
}

/** The same. @throws the network's own error */
export async function fetchAnswer(url: string, init: RequestInit = {}): Promise<Answer> {
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
    body: typeof body === 'object' ? (body as Answer['body']) : null,
    at,
  };
}

/** OpenSSL's own text names a source file of it; Node's code says the same. */
function reasonOf(error: unknown): string {
  const code = String((error as { code?: unknown }).code);
  const fault = /^ERR_SSL_(.*)/.exec(code)?.[1];
  return fault ? `no TLS connection (${fault.toLowerCase().replaceAll('_', ' ')})` : messageOf(error);
}
