import { type DataSource, type EntityManager, Not } from 'typeorm';
import { findPostgresError } from '#libs/database/pg-errors.js';
import { textKey } from '#libs/database/text-key.js';
import { Identity } from '#libs/database/users/identity.entity.js';
import { newId } from '#libs/http/ids.js';
import type { IssuerWord } from './profile.js';

/** Two people trade usernames at one moment: unique violation or deadlock. The loser tries again. */
const COLLISIONS = new Set(['23505', '40P01']);
const ATTEMPTS = 5;

/** Runs a transaction that may collide with another one over a username. */
export async function retryingCollisions<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction();
    } catch (error) {
      const collided = COLLISIONS.has(findPostgresError(error)?.code ?? '');
      if (!collided || attempt === ATTEMPTS) throw error;
    }
  }
}

/**
 * Takes down what an issuer said. An older word than the known one changes nothing, and what the word does not
 * say stays. Race-free: rows are inserted where there is none, never looked up first.
 */
export const learn = (database: DataSource, word: IssuerWord): Promise<void> =>
  retryingCollisions(() => database.transaction((tx) => learnWithin(tx, word)));

/** The same inside a transaction that does more. */
export async function learnWithin(tx: EntityManager, word: IssuerWord): Promise<void> {
  const { issuer, sub, toldAt } = word;
  const known = await tx.findOne(Identity, { where: { issuer, sub }, lock: { mode: 'pessimistic_write' } });
  if (known && (known.toldAt >= toldAt || (await isTombstone(tx, known.userId)))) return;
  const said = fieldsOf(word);
  if (
    said.usernameKey &&
    said.usernameKey !== known?.usernameKey &&
    !(await takeUsername(tx, word, said.usernameKey))
  ) {
    said.username = null;
    said.usernameKey = null;
  }
  if (!known) return provision(tx, { ...NOTHING_SAID, ...said, issuer, sub, toldAt });
  await tx.update(Identity, { issuer, sub }, { ...said, toldAt });
  const differs = Object.entries(said).some(([name, value]) => known[name as keyof Identity] !== value);
  if (differs) await touch(tx, known.userId);
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
function fieldsOf({ username, email, firstName, lastName }: IssuerWord): Partial<Said> {
  return {
    ...(username === undefined ? {} : { username, usernameKey: keyOf(username) }),
    ...(email === undefined ? {} : { email, emailKey: keyOf(email) }),
    ...(firstName === undefined ? {} : { firstName }),
    ...(lastName === undefined ? {} : { lastName }),
  };
}

/**
 * A username is one person's per issuer: newer word takes it from an older row.
 * @returns false where the row that has it goes back to newer word than this
 */
async function takeUsername(
  tx: EntityManager,
  { issuer, sub, toldAt }: IssuerWord,
  usernameKey: string,
): Promise<boolean> {
  const holder = await tx.findOne(Identity, {
    where: { issuer, usernameKey, sub: Not(sub) },
    lock: { mode: 'pessimistic_write' },
  });
  if (!holder) return true;
  if (holder.toldAt > toldAt) return false;
  await tx.update(Identity, { issuer, sub: holder.sub }, { username: null, usernameKey: null });
  await touch(tx, holder.userId);
  return true;
}

/** One statement: the foreign key is checked at its end, so the identity decides whether there is a new user. */
async function provision(
  tx: EntityManager,
  identity: Said & Pick<Identity, 'issuer' | 'sub' | 'toldAt'>,
): Promise<void> {
  await tx.query(
    `WITH made AS (
       INSERT INTO users.identities
         (issuer, sub, user_id, username, username_key, email, email_key, first_name, last_name, told_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       ON CONFLICT (issuer, sub) DO NOTHING RETURNING user_id
     )
     INSERT INTO users.users (id) SELECT user_id FROM made`,
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
      identity.toldAt,
    ],
  );
}

async function isTombstone(tx: EntityManager, userId: string): Promise<boolean> {
  const [user] = await tx.query('SELECT status FROM users.users WHERE id = $1', [userId]);
  return user?.status === 'deleted';
}

const touch = (tx: EntityManager, userId: string): Promise<unknown> =>
  tx.query('UPDATE users.users SET version = version + 1, updated_at = now() WHERE id = $1', [userId]);
