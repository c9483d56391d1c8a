import type { EntityManager } from 'typeorm';
import type { AuditContext } from '#libs/audit/audit-context.js';
import { type NewAuditEvent, writeAudit } from '#libs/audit/audit-writer.js';
import { newId } from '#libs/core/ids.js';
import { Factor, type FactorKind } from '#libs/database/identity/factor.entity.js';
import { RecoveryCode } from '#libs/database/identity/recovery-code.entity.js';
import { newRecoveryCode, RECOVERY_CODES, recoveryCodeDigest } from './recovery-code.js';
import { IS_SECOND_FACTOR } from './second-factors.js';

/** A factor as its owner and administrators see it. */
export interface ListedFactor {
  id: string;
  kind: FactorKind;
  name: string;
  createdAt: Date;
  lastUsedAt: Date | null;
  /** The recovery codes that were not used yet; null for other kinds. */
  remaining: number | null;
}

const LISTED = `SELECT f.id, f.kind, f.name, f.created_at AS "createdAt", f.last_used_at AS "lastUsedAt",
    CASE WHEN f.kind = 'recovery_codes' THEN
      (SELECT count(*)::integer FROM identity.recovery_codes c WHERE c.factor_id = f.id AND c.used_at IS NULL)
    END AS remaining
  FROM identity.factors f WHERE f.confirmed_at IS NOT NULL`;

/** The confirmed factors of an account, the oldest first. */
export const listFactors = (manager: EntityManager, accountId: string): Promise<ListedFactor[]> =>
  manager.query(`${LISTED} AND f.account_id = $1 ORDER BY f.created_at, f.id`, [accountId]);

export async function getFactor(manager: EntityManager, id: string): Promise<ListedFactor> {
  const [factor] = await manager.query(`${LISTED} AND f.id = $1`, [id]);
  if (!factor) throw new Error('The factor was not stored.');
  return factor;
}

/** Serializes changes of an account's factors. @returns how many second factors it has */
export async function lockFactors(tx: EntityManager, accountId: string): Promise<number> {
  await tx.query('SELECT FROM identity.accounts WHERE id = $1 FOR NO KEY UPDATE', [accountId]);
  const [{ count }] = await tx.query(
    `SELECT count(*)::integer AS count FROM identity.factors f WHERE f.account_id = $1 AND ${IS_SECOND_FACTOR}`,
    [accountId],
  );
  return count;
}

/** Replaces an account's recovery codes. @returns the new codes, which are shown once */
export async function replaceRecoveryCodes(
  tx: EntityManager,
  accountId: string,
  audit: AuditContext,
): Promise<{ id: string; codes: string[] }> {
  await tx.delete(Factor, { accountId, kind: 'recovery_codes' });
  const id = newId();
  const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
  const factor = { id, accountId, kind: 'recovery_codes' as const, name: 'Recovery codes' };
  await tx.insert(Factor, { ...factor, confirmedAt: new Date() });
  await tx.insert(
    RecoveryCode,
    codes.map((code) => ({ factorId: id, digest: recoveryCodeDigest(code) })),
  );
  await writeAudit(tx, audit, factorEvent('factor.added', accountId, factor));
  return { id, codes };
}

/** The event of a change of a factor. Its target is the account. */
export const factorEvent = (
  action: 'factor.added' | 'factor.removed',
  accountId: string,
  { id, kind, name }: Pick<Factor, 'id' | 'kind' | 'name'>,
  details: Record<string, unknown> = {},
): NewAuditEvent => ({
  action,
  targetId: accountId,
  details: { factor: { id, kind, name }, ...details },
});
