import { messageOf } from '../failure.js';

const TIMEOUT_MS = 5_000;

export interface Answer {
  status: number;
  /** Parsed JSON; null where it is none. */
  body: Record<string, unknown> | null;
  /** The server's clock against ours, in seconds, positive where it is ahead; null where it does not tell. */
  clockSkew: number | null;
}

/** One HTTP request, no redirects, 5 s. @returns why there is no answer, as text, where there is none */
export async function ask(url: string, init: RequestInit = {}): Promise<Answer | string> {
  try {
    const before = Date.now();
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const middle = (before + Date.now()) / 2;
    const body = await response.json().catch(() => null);
    const date = Date.parse(response.headers.get('date') ?? '');
    return {
      status: response.status,
      body: typeof body === 'object' ? (body as Answer['body']) : null,
      // The header holds whole seconds, cut off.
      clockSkew: Number.isNaN(date) ? null : Math.round((date + 500 - middle) / 1000),
    };
  } catch (error) {
    const { cause = error } = error as { cause?: unknown };
    return messageOf(cause);
  }
}
