import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { AuditContext } from '#libs/audit/audit-context.js';
import { auditRows, insertAudit } from '#libs/audit/audit-writer.js';
import { NATIVE_ISSUER } from '#libs/verify/src/issuers/issuer-id.js';
import type { CodeOwner } from './second-factors.js';

export const TRUST_SECONDS = 30 * 24 * 60 * 60;
const FORM = /^[A-Za-z0-9_-]{43}$/;

/** Browsers that need no second factor for an account. The trust ends with a factor, the password, and logout-all. */
@Injectable()
export class TrustedBrowsers {
  constructor(private readonly database: DataSource) {}

  /** Trusts a browser. @returns the value of its cookie */
  async trust({ accountId, email }: CodeOwner, audit: AuditContext): Promise<string> {
    const value = randomBytes(32).toString('base64url');
    const actor = { issuer: NATIVE_ISSUER, sub: accountId, name: email };
    await this.database.query(
      `WITH trusted AS (
          INSERT INTO identity.trusted_browsers (digest, account_id, expires_at)
          VALUES ($1, $2, now() + $3 * interval '1 second') RETURNING digest
        )
        ${insertAudit('identity', '$4', { from: 'trusted' })}`,
      [
        digestOf(value),
        accountId,
        TRUST_SECONDS,
        auditRows({ ...audit, actor }, { action: 'browser.trusted', targetId: accountId }),
      ],
    );
    return value;
  }

  /** @param value of the cookie; undefined without one */
  async isTrusted(accountId: string, value: string | undefined): Promise<boolean> {
    if (value === undefined || !FORM.test(value)) return false;
    const rows = await this.database.query(
      `SELECT FROM identity.trusted_browsers WHERE digest = $1 AND account_id = $2 AND expires_at > now()`,
      [digestOf(value), accountId],
    );
    return rows.length > 0;
  }
}

const digestOf = (value: string): Buffer => createHash('sha256').update(value).digest();
