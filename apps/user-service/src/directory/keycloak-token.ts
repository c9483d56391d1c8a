import { decodeToken } from '#libs/auth/compact-token.js';
import type { KeycloakServiceSettings } from '#libs/config/settings.js';
import { ClientRefused, outageOf } from './keycloak-errors.js';

/** An access token of the service's own client, and when it ends (ms, monotonic). */
interface ServiceToken {
  value: string;
  renewAfter: number;
}

/** Renewed this long before its end (ms), so that none ends on its way. */
const MARGIN = 10_000;

/**
 * The service's own token: `POST {realm}/protocol/openid-connect/token`, grant `client_credentials` (RFC 6749,
 * section 4.4). Kept until shortly before its end; however many need a new one, it is fetched once.
 */
export class KeycloakToken {
  private held: ServiceToken | null = null;
  private renewal: Promise<ServiceToken> | null = null;
  /** How far Keycloak's clock is ahead of ours (ms), as its newest token told. */
  private skew = 0;

  constructor(
    private readonly settings: KeycloakServiceSettings,
    private readonly timeout: number,
  ) {}

  async get(): Promise<string> {
    if (this.held && performance.now() < this.held.renewAfter) return this.held.value;
    this.renewal ??= this.fetch().finally(() => {
      this.renewal = null;
    });
    this.held = await this.renewal;
    return this.held.value;
  }

  /** What Keycloak's clock shows, which stamps the tokens that its word is compared with. */
  issuersNow(): Date {
    return new Date(Date.now() + this.skew);
  }

  /** Keycloak took it no more: a restart or a changed key may end a token early. */
  discard(value: string): void {
    if (this.held?.value === value) this.held = null;
  }

  private async fetch(): Promise<ServiceToken> {
    const { internalUrl, realm, clientId, clientSecret } = this.settings;
    const asked = performance.now();
    const askedAt = Date.now();
    const response = await fetch(
      `${internalUrl}/realms/${encodeURIComponent(realm)}/protocol/openid-connect/token`,
      {
        method: 'POST',
        headers: { authorization: `Basic ${basicCredentials(clientId, clientSecret)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
        redirect: 'error',
        signal: AbortSignal.timeout(this.timeout),
      },
    );
    if (!response.ok) throw outageOf(response.status) ?? new ClientRefused(response.status);
    const { access_token, expires_in } = (await response.json()) as {
      access_token: string;
      expires_in: number;
    };
    this.skew = skewOf(access_token, askedAt, Date.now());
    return { value: access_token, renewAfter: asked + Math.max(expires_in * 1_000 - MARGIN, 0) };
  }
}

/**
 * How far Keycloak's clock is ahead of ours (ms): 0 as long as a token's `iat`, in whole seconds, may be of our clock;
 * else the most that it may be, so that Keycloak's word never seems older than a token from before it.
 * @param asked when the token was asked for, `got` when it was there, both by our clock (ms)
 */
export function skewOf(token: string, asked: number, got: number): number {
  const { iat } = decodeToken(token).claims;
  if (typeof iat !== 'number') return 0;
  const [least, most] = [iat * 1_000 - got, iat * 1_000 + 999 - asked];
  return least <= 0 && most >= 0 ? 0 : most;
}

/** RFC 6749, section 2.3.1: each half is form-encoded first. */
const basicCredentials = (id: string, secret: string): string =>
  Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64');
