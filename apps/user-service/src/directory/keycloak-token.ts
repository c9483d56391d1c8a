import type { KeycloakServiceSettings } from '#libs/config/settings.js';
import { decodeToken } from '#libs/verify/src/token/compact-token.js';
import { ClientRefused, outageOf } from './keycloak-errors.js';

/** An access token of the service's own client. `renewAfter`: milliseconds, monotonic. */
interface ServiceToken {
  value: string;
  renewAfter: number;
}

/** How long before its expiry a token is renewed, so that none expires on its way to Keycloak. */
const RENEWAL_MARGIN_MS = 10_000;

/**
 * The service's own token: `POST {realm}/protocol/openid-connect/token`, grant `client_credentials` (RFC 6749,
 * section 4.4). It is kept until shortly before it expires, and concurrent callers share one request for a new one.
 */
export class KeycloakToken {
  private held: ServiceToken | null = null;
  private renewal: Promise<ServiceToken> | null = null;
  /** How far Keycloak's clock is ahead of ours, by its newest token. */
  private clockSkewMs = 0;

  constructor(
    private readonly settings: KeycloakServiceSettings,
    private readonly timeoutMs: number,
  ) {}

  async get(): Promise<string> {
    if (this.held && performance.now() < this.held.renewAfter) return this.held.value;
    this.renewal ??= this.fetch().finally(() => {
      this.renewal = null;
    });
    this.held = await this.renewal;
    return this.held.value;
  }

  /** The time by Keycloak's clock: its answers are compared with tokens that are dated by that clock. */
  now(): Date {
    return new Date(Date.now() + this.clockSkewMs);
  }

  /** Forgets a token that Keycloak refused before it expired, for instance after a restart or a change of keys. */
  discard(value: string): void {
    if (this.held?.value === value) this.held = null;
  }

  private async fetch(): Promise<ServiceToken> {
    const { internalUrl, realm, clientId, clientSecret } = this.settings;
    const startedAt = performance.now();
    const askedAt = Date.now();
    const response = await fetch(
      `${internalUrl}/realms/${encodeURIComponent(realm)}/protocol/openid-connect/token`,
      {
        method: 'POST',
        headers: { authorization: `Basic ${basicCredentials(clientId, clientSecret)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
        redirect: 'error',
        signal: AbortSignal.timeout(this.timeoutMs),
      },
    );
    if (!response.ok) throw outageOf(response.status) ?? new ClientRefused(response.status);
    const { access_token, expires_in } = (await response.json()) as {
      access_token: string;
      expires_in: number;
    };
    this.clockSkewMs = clockSkewOf(access_token, askedAt, Date.now());
    return {
      value: access_token,
      renewAfter: startedAt + Math.max(expires_in * 1_000 - RENEWAL_MARGIN_MS, 0),
    };
  }
}

/**
 * How far Keycloak's clock is ahead of ours, in milliseconds: 0 where a token's `iat`, in whole seconds, fits our clock;
 * otherwise the largest possible difference, so that Keycloak's data never seem older than a token issued before them.
 * @param askedAt when the token was requested, by our clock (ms)
 * @param receivedAt when it arrived, by our clock (ms)
 */
export function clockSkewOf(token: string, askedAt: number, receivedAt: number): number {
  const { iat } = decodeToken(token).claims;
  if (typeof iat !== 'number') return 0;
  const [least, most] = [iat * 1_000 - receivedAt, iat * 1_000 + 999 - askedAt];
  return least <= 0 && most >= 0 ? 0 : most;
}

/** RFC 6749, section 2.3.1: each half is form-encoded first. */
const basicCredentials = (id: string, secret: string): string =>
  Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64');
