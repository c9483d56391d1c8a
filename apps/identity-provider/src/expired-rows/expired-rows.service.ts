import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BackgroundRunner } from '#libs/background/background-runner.js';
import { type ExpiringTable, expiredRowsTask } from '#libs/background/expired-rows.js';

/** The tables of schema `identity` whose rows expire, by the names of their background tasks. */
export const EXPIRING_TABLES = {
  'expired-sessions': { table: 'identity.sessions', key: 'id' },
  'expired-login-throttles': { table: 'identity.login_throttles', key: 'key' },
  'expired-logout-tokens': { table: 'identity.logout_tokens', key: 'issuer, id' },
  'expired-revocations': { table: 'identity.revocations', key: 'issuer, kind, id' },
  'expired-account-links': { table: 'identity.account_links', key: 'digest' },
  'expired-oauth-state': { table: 'identity.oauth_state', key: 'type, id' },
  'expired-passkey-challenges': { table: 'identity.passkey_challenges', key: 'purpose' },
  'expired-trusted-browsers': { table: 'identity.trusted_browsers', key: 'digest' },
  // Long enough to answer "I never got a mail".
  'finished-mails': {
    table: 'identity.mail_outbox',
    key: 'id',
    isExpired: `finished_at <= now() - interval '7 days'`,
  },
} as const satisfies Record<string, ExpiringTable>;

/** Deletes what has expired. */
@Injectable()
export class ExpiredRowsService implements OnModuleInit {
  constructor(
    private readonly database: DataSource,
    private readonly background: BackgroundRunner,
  ) {}

  onModuleInit(): void {
    for (const [name, rows] of Object.entries(EXPIRING_TABLES)) {
      this.background.add(expiredRowsTask(name, this.database, rows));
    }
  }
}
