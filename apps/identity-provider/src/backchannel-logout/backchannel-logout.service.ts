import { Inject, Injectable, Logger } from '@nestjs/common';
import { Counter } from 'prom-client';
import { DataSource, type EntityManager } from 'typeorm';
import type { RequestAudit } from '#libs/audit/audit-context.js';
import { writeAudit } from '#libs/audit/audit-writer.js';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { malformed } from '#libs/http/replies/api-error.js';
import { TrustedIssuers } from '#libs/verify/src/issuers/trusted-issuers.js';
import { MAX_LIFETIME_SECONDS } from '#libs/verify/src/token/claims.js';
import { printable } from '#libs/verify/src/token-error.js';
import { RevocationsService } from '../authority-feed/revocations.service.js';
import { SETTINGS } from '../settings.js';
import { type LogoutToken, LogoutTokenRefused, verifyLogoutToken } from './logout-token.js';

/** Of clocks. */
const LEEWAY_MS = 30_000;

const logouts = new Counter({
  name: 'twinkey_backchannel_logouts_total',
  help: 'Logout tokens of Keycloak, by outcome: accepted, or the reason why they were refused.',
  labelNames: ['outcome'] as const,
});

/** Ends what Keycloak's logout tokens name: OpenID Connect Back-Channel Logout 1.0, sections 2.6 and 2.7. */
@Injectable()
export class BackchannelLogoutService {
  private readonly logger = new Logger(BackchannelLogoutService.name);

  constructor(
    private readonly issuers: TrustedIssuers,
    private readonly database: DataSource,
    private readonly revocations: RevocationsService,
    @Inject(SETTINGS) private readonly settings: IdentityProviderSettings,
  ) {}

  /**
   * @param raw the logout token
   * @param audit the request
   * @throws ApiError 400 for every invalid token, 503 where Keycloak's keys are not available
   */
  async logOut(raw: string | null, audit: RequestAudit): Promise<void> {
    try {
      const token = await this.verify(raw);
      await this.database.transaction((tx) => this.end(token, audit, tx));
      logouts.inc({ outcome: 'accepted' });
      this.logger.log({
        msg: 'keycloak logout received',
        request_id: audit.requestId,
        ends: token.sessionId === null ? 'subject' : 'session',
      });
    } catch (error) {
      if (!(error instanceof LogoutTokenRefused)) throw error;
      const { reason, detail } = error;
      logouts.inc({ outcome: reason });
      this.logger.warn({
        msg: 'logout token refused',
        request_id: audit.requestId,
        reason,
        detail: detail === undefined ? undefined : printable(detail),
      });
      throw malformed('invalid_logout_token', 'The logout token is not valid.');
    }
  }

  private async verify(raw: string | null): Promise<LogoutToken> {
    if (raw === null) throw new LogoutTokenRefused('missing');
    const { logoutClients: clients } = this.settings;
    return verifyLogoutToken(raw, this.issuers, { clients, now: Date.now() / 1_000 });
  }

  /**
   * A token with `sid` ends that session alone (section 2.7), one with `sub` alone every session of the subject. A token
   * is stored in the same transaction, so that only one replica accepts it.
   */
  private async end(token: LogoutToken, audit: RequestAudit, tx: EntityManager): Promise<void> {
    const { issuer, sessionId, subject, issuedAt } = token;
    await this.use(token, tx);
    await writeAudit(tx, audit, {
      action: 'session.ended',
      targetId: sessionId,
      details: { reason: 'keycloak_logout', issuer: issuer.id, sub: subject },
    });
    // Longer than the life of any access token that was issued before.
    const expiresAt = new Date(
      Date.now() + (this.settings.keycloak?.maxLifetimeSeconds ?? MAX_LIFETIME_SECONDS) * 1_000 + LEEWAY_MS,
    );
    await this.revocations.revoke(
      sessionId === null
        ? {
            issuer: issuer.id,
            kind: 'subject',
            id: subject as string,
            // `iat` has whole seconds: a token of the same second may be older than the logout.
            issuedBefore: new Date(Math.floor(issuedAt + 1) * 1_000),
            expiresAt,
          }
        : { issuer: issuer.id, kind: 'session', id: sessionId, issuedBefore: null, expiresAt },
      tx,
    );
  }

  /** Stores the token's id until the token has expired. */
  private async use({ issuer, id, expiresAt }: LogoutToken, tx: EntityManager): Promise<void> {
    const inserted: unknown[] = await tx.query(
      `INSERT INTO identity.logout_tokens (issuer, id, expires_at) VALUES ($1, $2, $3)
       ON CONFLICT (issuer, id) DO NOTHING RETURNING id`,
      [issuer.id, id, new Date(expiresAt * 1_000 + LEEWAY_MS)],
    );
    if (inserted.length === 0) throw new LogoutTokenRefused('replayed');
  }
}
