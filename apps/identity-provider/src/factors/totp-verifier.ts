import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { FactorSecrets } from './factor-secrets.js';
import type { CodeOwner, CodeVerifier } from './second-factors.js';
import { matchingStep } from './totp.js';

/** Codes of authenticator apps. */
@Injectable()
export class TotpVerifier implements CodeVerifier {
  constructor(
    private readonly database: DataSource,
    private readonly secrets: FactorSecrets,
  ) {}

  hasForm(code: string): boolean {
    return /^\d{6}$/.test(code);
  }

  async use({ accountId }: CodeOwner, code: string): Promise<boolean> {
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
}
