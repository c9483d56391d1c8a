import { emailKey } from '#apps/identity-provider/src/accounts/email.js';
import { AuthorityService } from '#apps/identity-provider/src/authority/authority.service.js';
import { HashQueue } from '#apps/identity-provider/src/passwords/hash-queue.js';
import { PasswordHasher } from '#apps/identity-provider/src/passwords/password-hasher.js';
import {
  DEMO_ACCOUNTS,
  type SeedResult,
  SeedService,
} from '#apps/identity-provider/src/seed/seed.service.js';
import { UserFacingError } from '#libs/core/user-facing-error.js';
import { ExclusiveTransactions } from '#libs/database/exclusive-transactions.js';
import { identityDataSource } from '#libs/database/identity/identity-data-source.js';
import { findPostgresError } from '#libs/database/pg-errors.js';
import { ApiError } from '#libs/http/replies/api-error.js';
import { DatabaseCommandError } from '../migrate/schemas.js';

export interface Seeding {
  rights(): Promise<Partial<SeedResult>>;
  demo(): Promise<SeedResult>;
  /** @throws UserFacingError if the email or password is invalid */
  admin(email: string, password: string): Promise<SeedResult>;
  hasAccount(email: string): Promise<boolean>;
  hasAnyAccount(): Promise<boolean>;
  /** The demo accounts that exist. */
  demoAccounts(): Promise<{ email: string; password: string }[]>;
}

/** SQLSTATE: undefined table, undefined schema. */
const NOT_MIGRATED = ['42P01', '3F000'];

/** Connects to schema `identity` while `work` runs. */
export async function withSeeding<T>(
  { databaseUrl, bcryptCost }: { databaseUrl: string; bcryptCost: number },
  work: (seeding: Seeding) => Promise<T>,
): Promise<T> {
  const database = identityDataSource(databaseUrl, { poolSize: 2, connectTimeoutMs: 5_000 });
  try {
    await database.initialize();
    const hasher = new PasswordHasher({ bcryptCost }, new HashQueue());
    const service = new SeedService(
      database,
      new AuthorityService(new ExclusiveTransactions(database, 'identity.authority')),
      hasher,
    );
    const exists = async (where: string, parameters: string[]): Promise<boolean> => {
      const sql = `SELECT EXISTS (SELECT FROM identity.accounts ${where}) AS found`;
      const [{ found }] = await database.query(sql, parameters);
      return found;
    };
    const hasAccount = (email: string) => exists('WHERE email_key = $1', [emailKey(email)]);
    return await work({
      rights: () => service.seedRights(),
      demo: () => service.seedDemo(),
      admin: (email, password) => service.seedAdmin(email, password),
      hasAccount,
      hasAnyAccount: () => exists('', []),
      demoAccounts: async () => {
        const present = await Promise.all(DEMO_ACCOUNTS.map(({ email }) => hasAccount(email)));
        return DEMO_ACCOUNTS.filter((_, index) => present[index]);
      },
    });
  } catch (error) {
    throw toUserFacingError(error, databaseUrl);
  } finally {
    if (database.isInitialized) await database.destroy();
  }
}

function toUserFacingError(error: unknown, databaseUrl: string): unknown {
  if (error instanceof UserFacingError) return error;
  if (error instanceof ApiError) {
    return new UserFacingError(
      error.errors.map(({ field, message }) => `${field ? `${field}: ` : ''}${message}`).join(' '),
    );
  }
  const state = findPostgresError(error)?.code;
  if (state && NOT_MIGRATED.includes(state)) {
    return new UserFacingError('Schema identity does not exist yet: run twinkey migrate first.');
  }
  return new DatabaseCommandError('identity', error, databaseUrl);
}
