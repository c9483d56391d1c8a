import type { EntityManager } from 'typeorm';
import type { AuditContext } from '#libs/audit/audit-context.js';
import { writeAudit } from '#libs/audit/audit-writer.js';
import type { FactorKind } from '#libs/database/identity/factor.entity.js';
import { TrustedBrowser } from '#libs/database/identity/trusted-browser.entity.js';
import { factorEvent, lockFactors } from './factor-rows.js';
import { IS_SECOND_FACTOR } from './second-factors.js';

/** Why factors are removed, for the audit log. */
export interface FactorRemoval {
  audit: AuditContext;
  reason: 'removed_by_owner' | 'removed_by_administrator' | 'address_proved' | 'email_change_undone';
}

export interface RemovedFactor {
  id: string;
  kind: FactorKind;
  name: string;
  /** False for an authenticator app that waited for its first code. */
  confirmed: boolean;
}

/**
 * Removes all factors of an account, with its recovery codes and trusted browsers.
 * @param tx the transaction that this belongs to
 * @returns the removed factors
 */
export async function removeAllFactors(
  tx: EntityManager,
  accountId: string,
  removal: FactorRemoval,
): Promise<RemovedFactor[]> {
  await lockFactors(tx, accountId);
  return remove(tx, accountId, null, removal);
}

/**
 * Removes the factors that were added at this time or later.
 * @param tx the transaction that this belongs to
 */
export async function removeFactorsSince(
  tx: EntityManager,
  accountId: string,
  since: Date,
  removal: FactorRemoval,
): Promise<void> {
  await lockFactors(tx, accountId);
  const added: { id: string }[] = await tx.query(
    'SELECT id FROM identity.factors WHERE account_id = $1 AND created_at >= $2',
    [accountId, since],
  );
  for (const { id } of added) await remove(tx, accountId, id, removal);
}

/**
 * Removes a factor. With the last second factor the recovery codes go, and with any factor the trusted browsers.
 * @returns it, and the recovery codes if they were removed; nothing if the account has no such factor
 */
export async function removeFactor(
  tx: EntityManager,
  accountId: string,
  id: string,
  removal: FactorRemoval,
): Promise<RemovedFactor[]> {
  await lockFactors(tx, accountId);
  return remove(tx, accountId, id, removal);
}

/** @param id null: all factors */
async function remove(
  tx: EntityManager,
  accountId: string,
  id: string | null,
  { audit, reason }: FactorRemoval,
): Promise<RemovedFactor[]> {
  const [removed] = (await tx.query(
    `DELETE FROM identity.factors WHERE account_id = $1 AND ($2::uuid IS NULL OR id = $2)
      RETURNING id, kind, name, confirmed_at IS NOT NULL AS confirmed`,
    [accountId, id],
  )) as [RemovedFactor[], number];
  if (removed.length === 0) return [];
  const [codes] = (await tx.query(
    `DELETE FROM identity.factors WHERE account_id = $1 AND kind = 'recovery_codes' AND NOT EXISTS (
        SELECT FROM identity.factors f WHERE f.account_id = $1 AND ${IS_SECOND_FACTOR})
      RETURNING id, kind, name, true AS confirmed`,
    [accountId],
  )) as [RemovedFactor[], number];
  await tx.delete(TrustedBrowser, { accountId });
  const all = [...removed, ...codes];
  const events = all.filter(({ confirmed }) => confirmed);
  await writeAudit(
    tx,
    audit,
    ...events.map((factor) => factorEvent('factor.removed', accountId, factor, { reason })),
  );
  return all;
}
