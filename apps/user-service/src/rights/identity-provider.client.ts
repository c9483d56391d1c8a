import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type ErrorEntry, forbidden, unauthorized, unavailable } from '#libs/http/replies/api-error.js';

export const IDENTITY_PROVIDER_URL = Symbol('IDENTITY_PROVIDER_URL');

/** For one call in all, reading included (ms). */
const TIMEOUT = 2_000;

export interface IdentityProviderAnswer {
  status: number;
  data: unknown;
  errors: ErrorEntry[];
  /** Of a list: where its next page begins. */
  nextCursor: string | null;
}

interface Envelope {
  data: unknown;
  errors: ErrorEntry[] | null;
  meta: { next_cursor?: string | null } | null;
}

/** Speaks to identity-provider over HTTP, as the caller: with his token, under his request's id. */
@Injectable()
export class IdentityProviderClient {
  constructor(@Inject(IDENTITY_PROVIDER_URL) private readonly baseUrl: string) {}

  /**
   * @returns an answer below 500 as it is, its envelope opened
   * @throws ApiError 503 where there is none in time, or identity-provider itself is in trouble
   */
  async call(
    method: 'GET' | 'PATCH' | 'POST',
    path: string,
    caller: FastifyRequest,
    body?: object,
  ): Promise<IdentityProviderAnswer> {
    try {
      const response = await fetch(this.baseUrl + path, {
        method,
        headers: {
          authorization: caller.headers.authorization as string,
          'x-request-id': caller.id,
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        body: body && JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT),
      });
      if (response.status >= 500 || response.status === 429)
        throw new Error(`identity-provider answered ${response.status}`);
      const { data, errors, meta } = (await response.json()) as Partial<Envelope>;
      return {
        status: response.status,
        data: data ?? null,
        errors: errors ?? [],
        nextCursor: meta?.next_cursor ?? null,
      };
    } catch (error) {
      throw identityProviderUnavailable(error);
    }
  }
}

/**
 * The data of an answer to a question about rights.
 * @throws ApiError 401 or 403 where the caller's session or rights have ended meanwhile, 503 for anything but a 200
 */
export function requireData({ status, data }: IdentityProviderAnswer): unknown {
  if (status === 401) throw unauthorized();
  if (status === 403) throw forbidden();
  if (status !== 200) throw identityProviderUnavailable(`answered ${status}`);
  return data;
}

/** 503: it does not answer, or not as identity-provider does. @param cause for the log alone */
export const identityProviderUnavailable = (cause: unknown) =>
  unavailable(
    2,
    'identity_provider_unavailable',
    undefined,
    cause instanceof Error ? cause : new Error(String(cause)),
  );
