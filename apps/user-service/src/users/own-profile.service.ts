import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DataSource, type EntityManager } from 'typeorm';
import { type AuditContext, auditContextOf } from '#libs/audit/audit-context.js';
import { Identity } from '#libs/database/users/identity.entity.js';
import { ApiError, invalid, preconditionFailed } from '#libs/http/replies/api-error.js';
import type { Precondition } from '#libs/http/replies/replies.js';
import { IssuerRegistry } from '../directory/issuer-registry.js';
import { isClientRefused } from '../directory/keycloak-errors.js';
import { retryOnCollision, syncProfileWithin } from '../profile-sync/profile-sync.js';
import { alteredNames } from './altered-names.js';
import { applicationFields, writeApplicationFields } from './application-fields.js';
import type { IssuerProfile, Profile } from './profile.js';
import { ProfilesService } from './profiles.service.js';
import { settingsFault } from './settings-rule.js';
import type { ProfileChange } from './users.dto.js';
import { changedMeanwhile, clientRefused, notAPerson, unconfirmedFields } from './users.errors.js';

/** Changes of a user's own profile. */
@Injectable()
export class OwnProfileService {
  constructor(
    private readonly database: DataSource,
    private readonly profiles: ProfilesService,
    private readonly issuers: IssuerRegistry,
  ) {}

  /**
   * Writes the issuer first, then Postgres, so that success means that both hold the change. Repeating a call that
   * failed half-way completes it. `If-Match` is checked before the issuer is asked. Where it no longer matches afterwards,
   * the names are stored, since the issuer already holds them, and the other fields are not.
   * @throws ApiError 412: nothing is stored, or only the names where the entries list other fields; 503: the entries list
   *   the fields that may not be stored; 404, 409, 422: the issuer's answer; 422 where it stored a name in another form
   */
  async update(
    caller: FastifyRequest,
    profile: Profile,
    change: ProfileChange,
    precondition: Precondition,
  ): Promise<Profile> {
    precondition.check(profile.version);
    const renamed = await this.renameAtIssuer(caller, profile, change);
    const own = applicationFields(change);
    const audit = auditContextOf(caller);
    const hasOwn = Object.keys(own).length > 0;
    if (renamed === null && !hasOwn) return profile;
    const altered = renamed ? alteredNames(renamed, change) : [];
    if (renamed && altered.length > 0) {
      await this.write(profile, (tx) => syncProfileWithin(tx, renamed, audit));
      throw invalid(altered);
    }
    let isStale = false;
    const written = await this.write(profile, async (tx) => {
      isStale = !(await stillMatches(tx, profile, precondition));
      if (isStale && renamed === null) throw preconditionFailed();
      if (renamed) await syncNames(tx, renamed, change, audit);
      if (hasOwn && !isStale) await writeApplicationFields(tx, profile.id, own, audit);
    }).catch((error: unknown) => {
      throw error instanceof ApiError ? error : unconfirmedFields(unconfirmedOf(change, renamed), error);
    });
    if (isStale && hasOwn) throw changedMeanwhile(unconfirmedOf(change, renamed));
    return written;
  }

  /** @throws ApiError 412, 422 */
  async replaceSettings(
    profile: Profile,
    settings: Record<string, unknown>,
    precondition: Precondition,
    audit: AuditContext,
  ): Promise<Profile> {
    const fault = settingsFault(settings);
    if (fault) throw invalid([{ field: null, code: fault.code, message: fault.message }]);
    precondition.check(profile.version);
    return this.write(profile, async (tx) => {
      if (!(await stillMatches(tx, profile, precondition))) throw preconditionFailed();
      await writeApplicationFields(tx, profile.id, { settings }, audit);
    });
  }

  private async write(profile: Profile, work: (tx: EntityManager) => Promise<void>): Promise<Profile> {
    await retryOnCollision(() => this.database.transaction(work));
    return (await this.profiles.findByIdentity(profile.issuer, profile.sub)) ?? profile;
  }

  /** @returns null where no name is changed */
  private async renameAtIssuer(
    caller: FastifyRequest,
    profile: Profile,
    change: ProfileChange,
  ): Promise<IssuerProfile | null> {
    const { first_name: firstName, last_name: lastName } = change;
    if (firstName === undefined && lastName === undefined) return null;
    try {
      if (caller.directoryFailure) throw caller.directoryFailure;
      const { directory } = this.issuers.get(profile.issuer);
      const renamed = await directory.rename(caller, profile.sub, { firstName, lastName });
      // The change is newer than the caller's token, also where the clocks differ.
      const assertedAt = Math.max(renamed.assertedAt.getTime(), profile.assertedAt.getTime() + 1);
      return { ...renamed, assertedAt: new Date(assertedAt) };
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 503) throw error;
      throw isClientRefused(error)
        ? clientRefused(namesOf(change), error)
        : unconfirmedFields(namesOf(change), error);
    }
  }
}

const isIssuerOwned = (name: string): boolean => name === 'first_name' || name === 'last_name';

const namesOf = (change: ProfileChange): string[] =>
  Object.entries(change).flatMap(([name, value]) => (value === undefined ? [] : [name]));

/** After the issuer's answer its fields are stored there. Where nothing else was sent, they are missing in Postgres. */
function unconfirmedOf(change: ProfileChange, renamed: IssuerProfile | null): string[] {
  const own = namesOf(change).filter((name) => renamed === null || !isIssuerOwned(name));
  return own.length > 0 ? own : namesOf(change);
}

/**
 * A concurrent sync may have stored issuer data that seem to be newer. Then the change is not stored here, and the call
 * has to fail; repeating it is safe.
 */
async function syncNames(
  tx: EntityManager,
  renamed: IssuerProfile,
  change: ProfileChange,
  audit: AuditContext,
): Promise<void> {
  await syncProfileWithin(tx, renamed, audit);
  const { issuer, sub } = renamed;
  const { firstName, lastName } = await tx.findOneByOrFail(Identity, { issuer, sub });
  const isStored =
    (change.first_name === undefined || firstName === renamed.firstName) &&
    (change.last_name === undefined || lastName === renamed.lastName);
  if (!isStored)
    throw unconfirmedFields(namesOf(change), new Error('A concurrent sync stored newer issuer data.'));
}

/**
 * Whether `If-Match` matches the stored version, which is locked until the commit. Identities are locked before users, in
 * the same order as in all other code.
 */
async function stillMatches(
  tx: EntityManager,
  { id, issuer, sub }: Profile,
  precondition: Precondition,
): Promise<boolean> {
  if (!precondition.isGiven) return true;
  await tx.query('SELECT 1 FROM users.identities WHERE issuer = $1 AND sub = $2 FOR UPDATE', [issuer, sub]);
  const [user] = await tx.query('SELECT version FROM users.users WHERE id = $1 FOR UPDATE', [id]);
  if (!user) throw notAPerson();
  return precondition.matches(user.version);
}
