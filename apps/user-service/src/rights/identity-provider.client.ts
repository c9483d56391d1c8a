import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { UserServiceSettings } from '#libs/config/settings.js';
import { type ErrorEntry, forbidden, unauthorized, unavailable } from '#libs/http/replies/api-error.js';
import { SETTINGS } from '../settings.js';

/** Of one call, with the reading of its answer. */
const TIMEOUT_MS = 2_000;

export interface IdentityProviderAnswer {
  status: number;
  data: unknown;
  errors: ErrorEntry[];
  /** The cursor of a list's next page. */
  nextCursor: string | null;
}

interface Envelope {
  data: unknown;
  errors: ErrorEntry[] | null;
  meta: { next_cursor?: string | null } | null;
}

/** Calls identity-provider over HTTP with the caller's token and request id. */
@Injectable()
export class IdentityProviderClient {
  constructor(@Inject(SETTINGS) private readonly settings: UserServiceSettings) {}

  /**
   * @returns any answer below 500 except 429, with the content of its envelope
   * @throws ApiError 503 where there is no such answer in time
   */
  async call(
    method: 'GET' | 'PATCH' | 'POST',
    path: string,
    caller: FastifyRequest,
    body?: object,
  ): Promise<IdentityProviderAnswer> {
    try {
      const response = await fetch(this.settings.identityProviderUrl + path, {
        method,
        headers: {
          authorization: caller.headers.authorization as string,
          'x-request-id': caller.id,
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        body: body && JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
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
 * The data of an answer about rights.
 * @throws ApiError 401, 403 where the caller's session or rights have ended meanwhile; 503 where the status is not 200
 */
export function requireData({ status, data }: IdentityProviderAnswer): unknown {
  if (status === 401) throw unauthorized();
  if (status === 403) throw forbidden();
  if (status !== 200) throw identityProviderUnavailable(`answered ${status}`);
  return data;
}

/** 503, for a missing or an unexpected answer. @param cause for the log only */
export const identityProviderUnavailable = (cause: unknown) =>
  unavailable(
    2,
    'identity_provider_unavailable',
    undefined,
    cause instanceof Error ? cause : new Error(String(cause)),
  );
