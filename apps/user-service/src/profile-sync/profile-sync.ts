import { Counter } from 'prom-client';
import type { DataSource, EntityManager } from 'typeorm';
import type { AuditContext } from '#libs/audit/audit-context.js';
import { auditRows, insertAudit, writeAudit } from '#libs/audit/audit-writer.js';
import { newId, textKey } from '#libs/core/ids.js';
import { isUniqueViolation } from '#libs/database/errors/pg-errors.js';
import { Identity } from '#libs/database/users/identity.entity.js';
import type { IssuerProfile } from '../users/profile.js';
import { auditedIdentity, identityChange } from '../users/users.audit.js';

const provisionedProfiles = new Counter({
  name: 'twinkey_provisioned_profiles_total',
  help: "Profiles made at a user's first call or lookup, by issuer.",
  labelNames: ['issuer'] as const,
});

/** Two new profiles with the same username collide on its unique index: the second transaction is retried. */
const ATTEMPTS = 5;

/** Runs a transaction again where it collides with another one on a unique index. */
export async function retryOnCollision<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction();
    } catch (error) {
      if (!isUniqueViolation(error) || attempt === ATTEMPTS) throw error;
    }
  }
}

/**
 * Stores issuer data, and makes the profile where there is none. Data that are older than the stored ones are ignored,
 * and fields that are not asserted keep their values. Safe with concurrent calls: the unique indexes decide.
 */
export const syncProfile = (
  database: DataSource,
  asserted: IssuerProfile,
  audit: AuditContext,
): Promise<void> =>
  retryOnCollision(() => database.transaction((tx) => syncProfileWithin(tx, asserted, audit)));

/** The same as part of a larger transaction. */
export async function syncProfileWithin(
  tx: EntityManager,
  asserted: IssuerProfile,
  audit: AuditContext,
): Promise<void> {
  const { issuer, sub, assertedAt } = asserted;
  const fields = columnsOf(asserted);
  const { known, usernameOwner } = await lockIdentities(tx, asserted, fields.usernameKey);
  if (known && (known.assertedAt >= assertedAt || (await isDeleted(tx, known.userId)))) return;
  if (usernameOwner) {
    // A username is unique within an issuer: the identity with the newer data gets it.
    if (usernameOwner.assertedAt > assertedAt) Object.assign(fields, { username: null, usernameKey: null });
    else await removeUsername(tx, usernameOwner, audit);
  }
  if (!known) return provision(tx, { ...NO_FIELDS, ...fields, issuer, sub, assertedAt }, audit);
  await tx.update(Identity, { issuer, sub }, { ...fields, assertedAt });
  const differs = Object.entries(fields).some(([name, value]) => known[name as keyof Identity] !== value);
  if (!differs) return;
  await touch(tx, known.userId);
  const event = identityChange(known.userId, known, fields);
  if (event) await writeAudit(tx, audit, event);
}

/**
 * Locks the user's own identity and the one that has their username, in one statement and in a fixed order: two users who
 * exchange their usernames do not deadlock. Identities are locked before users, in the same order as in all other code.
 */
async function lockIdentities(
  tx: EntityManager,
  { issuer, sub }: IssuerProfile,
  usernameKey: string | null | undefined,
) {
  const rows = await tx
    .createQueryBuilder(Identity, 'i')
    .setLock('pessimistic_write')
    .where('i.issuer = :issuer AND (i.sub = :sub OR i.usernameKey = :usernameKey)', {
      issuer,
      sub,
      usernameKey: usernameKey ?? null,
    })
    .orderBy('i.sub')
    .getMany();
  return {
    known: rows.find((row) => row.sub === sub),
    usernameOwner: rows.find((row) => row.sub !== sub),
  };
}

type IssuerColumns = Pick<
  Identity,
  'username' | 'usernameKey' | 'email' | 'emailKey' | 'emailVerified' | 'firstName' | 'lastName'
>;

const NO_FIELDS: IssuerColumns = {
  username: null,
  usernameKey: null,
  email: null,
  emailKey: null,
  emailVerified: null,
  firstName: null,
  lastName: null,
};

const keyOf = (text: string | null): string | null => (text === null ? null : textKey(text));

/** The columns of the asserted fields only. */
function columnsOf({
  username,
  email,
  emailVerified,
  firstName,
  lastName,
}: IssuerProfile): Partial<IssuerColumns> {
  return {
    ...(username === undefined ? {} : { username, usernameKey: keyOf(username) }),
    ...(email === undefined ? {} : { email, emailKey: keyOf(email) }),
    ...(emailVerified === undefined ? {} : { emailVerified }),
    ...(firstName === undefined ? {} : { firstName }),
    ...(lastName === undefined ? {} : { lastName }),
  };
}

async function removeUsername(tx: EntityManager, owner: Identity, audit: AuditContext): Promise<void> {
  const { issuer, sub, userId } = owner;
  await tx.update(Identity, { issuer, sub }, { username: null, usernameKey: null });
  await touch(tx, userId);
  const event = identityChange(userId, owner, { username: null });
  if (event) await writeAudit(tx, audit, event);
}

/** One statement, at whose end the foreign key is checked: a user is made only where the identity was new. */
async function provision(
  tx: EntityManager,
  identity: IssuerColumns & Pick<Identity, 'issuer' | 'sub' | 'assertedAt'>,
  audit: AuditContext,
): Promise<void> {
  const { issuer, sub } = identity;
  const id = newId();
  const after = { issuer, sub, ...auditedIdentity(identity) };
  const made: unknown[] = await tx.query(
    `WITH made AS (
       INSERT INTO users.identities
         (issuer, sub, user_id, username, username_key, email, email_key, first_name, last_name, told_at, email_verified)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $12)
       ON CONFLICT (issuer, sub) DO NOTHING RETURNING user_id
     ), recorded AS (${insertAudit('users', '$11', { from: 'made' })})
     INSERT INTO users.users (id) SELECT user_id FROM made RETURNING id`,
    [
      issuer,
      sub,
      id,
      identity.username,
      identity.usernameKey,
      identity.email,
      identity.emailKey,
      identity.firstName,
      identity.lastName,
      identity.assertedAt,
      auditRows(audit, { action: 'user.provisioned', targetId: id, details: { after } }),
      identity.emailVerified,
    ],
  );
  provisionedProfiles.inc({ issuer }, made.length);
}

async function isDeleted(tx: EntityManager, userId: string): Promise<boolean> {
  const [user] = await tx.query('SELECT status FROM users.users WHERE id = $1', [userId]);
  return user?.status === 'deleted';
}

const touch = (tx: EntityManager, userId: string): Promise<unknown> =>
  tx.query('UPDATE users.users SET version = version + 1, updated_at = now() WHERE id = $1', [userId]);
