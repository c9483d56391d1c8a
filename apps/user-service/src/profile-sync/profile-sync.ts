import type { DataSource, EntityManager } from 'typeorm';
import { newId } from '#libs/core/ids.js';
import { textKey } from '#libs/core/text-key.js';
import { isUniqueViolation } from '#libs/database/pg-errors.js';
import { Identity } from '#libs/database/users/identity.entity.js';
import type { IssuerProfile } from '../users/profile.js';
import { provisionedProfiles } from '../users/users-metrics.js';

/** Two people learn one username at one moment, and neither is there yet: the second tries again. */
const ATTEMPTS = 5;

/** Runs a transaction that may collide with another one over a username. */
export async function retryingCollisions<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction();
    } catch (error) {
      if (!isUniqueViolation(error) || attempt === ATTEMPTS) throw error;
    }
  }
}

/**
 * Takes down what an issuer said. An older word than the known one changes nothing, and what the word does not
 * say stays. Race-free: rows are inserted where there is none, never looked up first.
 */
export const syncProfile = (database: DataSource, word: IssuerProfile): Promise<void> =>
  retryingCollisions(() => database.transaction((tx) => syncProfileWithin(tx, word)));

/** The same inside a transaction that does more. */
export async function syncProfileWithin(tx: EntityManager, word: IssuerProfile): Promise<void> {
  const { issuer, sub, assertedAt: toldAt } = word;
  const said = fieldsOf(word);
  const { known, holder } = await lockIdentities(tx, word, said.usernameKey);
  if (known && (known.toldAt >= toldAt || (await isTombstone(tx, known.userId)))) return;
  if (holder) {
    // A username is one person's per issuer: newer word takes it from an older row.
    if (holder.toldAt > toldAt) Object.assign(said, { username: null, usernameKey: null });
    else await loseUsername(tx, holder);
  }
  if (!known) return provision(tx, { ...NOTHING_SAID, ...said, issuer, sub, assertedAt: toldAt });
  await tx.update(Identity, { issuer, sub }, { ...said, toldAt });
  const differs = Object.entries(said).some(([name, value]) => known[name as keyof Identity] !== value);
  if (differs) await touch(tx, known.userId);
}

/**
 * Locks the person's own identity and whoever has his username, both at once and in one order, so that two people
 * who trade usernames wait for each other in turn. Identities are locked before users, everywhere.
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
    holder: rows.find((row) => row.sub !== sub),
  };
}

type Said = Pick<Identity, 'username' | 'usernameKey' | 'email' | 'emailKey' | 'firstName' | 'lastName'>;

const NOTHING_SAID: Said = {
  username: null,
  usernameKey: null,
  email: null,
  emailKey: null,
  firstName: null,
  lastName: null,
};

const keyOf = (text: string | null): string | null => (text === null ? null : textKey(text));

/** The columns that the word speaks of, and no others. */
function fieldsOf({ username, email, firstName, lastName }: IssuerProfile): Partial<Said> {
  return {
    ...(username === undefined ? {} : { username, usernameKey: keyOf(username) }),
    ...(email === undefined ? {} : { email, emailKey: keyOf(email) }),
    ...(firstName === undefined ? {} : { firstName }),
    ...(lastName === undefined ? {} : { lastName }),
  };
}

async function loseUsername(tx: EntityManager, { issuer, sub, userId }: Identity): Promise<void> {
  await tx.update(Identity, { issuer, sub }, { username: null, usernameKey: null });
  await touch(tx, userId);
}

/** One statement: the foreign key is checked at its end, so the identity decides whether there is a new user. */
async function provision(
  tx: EntityManager,
  identity: Said & Pick<Identity, 'issuer' | 'sub' | 'toldAt'>,
): Promise<void> {
  const made: unknown[] = await tx.query(
    `WITH made AS (
       INSERT INTO users.identities
         (issuer, sub, user_id, username, username_key, email, email_key, first_name, last_name, told_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       ON CONFLICT (issuer, sub) DO NOTHING RETURNING user_id
     )
     INSERT INTO users.users (id) SELECT user_id FROM made RETURNING id`,
    [
      identity.issuer,
      identity.sub,
      newId(),
      identity.username,
      identity.usernameKey,
      identity.email,
      identity.emailKey,
      identity.firstName,
      identity.lastName,
      identity.assertedAt,
    ],
  );
  provisionedProfiles.inc({ issuer: identity.issuer }, made.length);
}

async function isTombstone(tx: EntityManager, userId: string): Promise<boolean> {
  const [user] = await tx.query('SELECT status FROM users.users WHERE id = $1', [userId]);
  return user?.status === 'deleted';
}

const touch = (tx: EntityManager, userId: string): Promise<unknown> =>
  tx.query('UPDATE users.users SET version = version + 1, updated_at = now() WHERE id = $1', [userId]);
