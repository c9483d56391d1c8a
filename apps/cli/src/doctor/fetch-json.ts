import { errorMessage } from '#libs/core/user-facing-error.js';

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
    const before = Date.now();
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const at = (before + Date.now()) / 2;
    const body = await response.json().catch(() => null);
    return {
      status: response.status,
      body: typeof body === 'object' ? (body as Answer['body']) : null,
      at,
    };
  } catch (error) {
    const { cause = error } = error as { cause?: unknown };
    return errorMessage(cause);
  }
}
