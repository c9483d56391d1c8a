import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { auditRows, insertAudit } from '#libs/audit/audit-writer.js';
import { NATIVE_ISSUER } from '#libs/core/issuer-id.js';
import { AccountNotices } from '../mail/account-notices.js';
import type { Requester } from '../self-service/requester.js';
import type { AuthenticationMethod } from '../sessions/authentication-methods.js';
import { FactorSecrets } from './factor-secrets.js';
import { recoveryCodeDigest } from './recovery-code.js';
import { matchingStep } from './totp.js';

/** The account that signs in, for the audit log. */
export interface CodeOwner {
  accountId: string;
  email: string;
}

const WITH_CODE: readonly AuthenticationMethod[] = ['pwd', 'otp', 'mfa'];

/** Verifies the codes of sign-ins. Each code works once, also if two sign-ins send it at the same time. */
@Injectable()
export class SecondFactors {
  constructor(
    private readonly database: DataSource,
    private readonly secrets: FactorSecrets,
    private readonly notices: AccountNotices,
  ) {}

  /**
   * @param code of an authenticator app, or a recovery code; spaces and hyphens do not matter
   * @returns the methods of a sign-in with password and this code; null if the code is wrong or was used
   */
  async verifyCode(
    owner: CodeOwner,
    code: string,
    requester: Requester,
  ): Promise<readonly AuthenticationMethod[] | null> {
    const compact = code.replace(/[\s-]/g, '');
    const isRight = /^\d{6}$/.test(compact)
      ? await this.useTotp(owner.accountId, compact)
      : await this.useRecoveryCode(owner, compact, requester);
    return isRight ? WITH_CODE : null;
  }

  private async useTotp(accountId: string, code: string): Promise<boolean> {
    const factors: { id: string; secret: Buffer }[] = await this.database.query(
      `SELECT id, secret FROM identity.factors
        WHERE account_id = $1 AND kind = 'totp' AND confirmed_at IS NOT NULL`,
      [accountId],
    );
    for (const { id, secret } of factors) {
      const step = matchingStep(await this.secrets.decrypt(id, secret), code, Date.now());
      if (step !== null && (await this.useStep(id, step))) return true;
    }
    return false;
  }

  /** RFC 6238, section 5.2: a code is accepted once. Of several requests at once, one gets the row. */
  private async useStep(id: string, step: number): Promise<boolean> {
    const [rows] = await this.database.query(
      `UPDATE identity.factors SET last_step = $2, last_used_at = now()
        WHERE id = $1 AND (last_step IS NULL OR last_step < $2) RETURNING id`,
      [id, step],
    );
    return rows.length > 0;
  }

  /** The owner of the account is told by mail. */
  private useRecoveryCode(
    { accountId, email }: CodeOwner,
    code: string,
    { audit, language }: Requester,
  ): Promise<boolean> {
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
