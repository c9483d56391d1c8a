import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { auditRows, insertAudit } from '#libs/audit/audit-writer.js';
import { NATIVE_ISSUER } from '#libs/verify/src/issuers/issuer-id.js';
import { AccountNotices } from '../mail/account-notices.js';
import type { Requester } from '../self-service/requester.js';
import { isRecoveryCode, recoveryCodeDigest } from './recovery-code.js';
import type { CodeOwner, CodeVerifier } from './second-factors.js';

/** Recovery codes. The owner of the account gets a mail. */
@Injectable()
export class RecoveryCodeVerifier implements CodeVerifier {
  constructor(
    private readonly database: DataSource,
    private readonly notices: AccountNotices,
  ) {}

  hasForm(code: string): boolean {
    return isRecoveryCode(code);
  }

  use({ accountId, email }: CodeOwner, code: string, { audit, language }: Requester): Promise<boolean> {
    const actor = { issuer: NATIVE_ISSUER, sub: accountId, name: email };
    return this.database.transaction(async (tx) => {
      const to = await this.notices.recipientOf(tx, accountId);
      const [used] = await tx.query(USE_RECOVERY_CODE, [
        accountId,
        recoveryCodeDigest(code),
        auditRows({ ...audit, actor }, { action: 'factor.recovery_code_used', targetId: accountId }),
      ]);
      if (!used) return false;
      const [{ remaining }] = await tx.query(
        `SELECT count(*)::integer AS remaining FROM identity.recovery_codes WHERE factor_id = $1 AND used_at IS NULL`,
        [used.factorId],
      );
      await this.notices.send(tx, to, { kind: 'recovery-code-used', language, values: { remaining } });
      return true;
    });
  }
}

/** Of several requests at once, one gets the row. */
const USE_RECOVERY_CODE = `
  WITH used AS (
    UPDATE identity.recovery_codes c SET used_at = now() FROM identity.factors f
    WHERE f.id = c.factor_id AND f.account_id = $1 AND c.digest = $2 AND c.used_at IS NULL RETURNING c.factor_id
  ), touched AS (
    UPDATE identity.factors f SET last_used_at = now() FROM used WHERE f.id = used.factor_id
  ), recorded AS (${insertAudit('identity', '$3', { from: 'used' })})
  SELECT factor_id AS "factorId" FROM used`;
