import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DataSource, type EntityManager, Not, type QueryDeepPartialEntity } from 'typeorm';
import { Identity } from '#libs/database/users/identity.entity.js';
import { User } from '#libs/database/users/user.entity.js';
import { ApiError, invalid, preconditionFailed } from '#libs/http/replies/api-error.js';
import { etagOf, isMatch, assertIfMatch } from '#libs/http/replies/etag.js';
import { Directories } from '../directory/directories.js';
import { isClientRefused } from '../directory/keycloak-errors.js';
import { alteredNames } from './altered-names.js';
import { syncProfileWithin, retryingCollisions } from '../profile-sync/profile-sync.js';
import type { IssuerProfile, Profile } from './profile.js';
import { ProfilesService } from './profiles.service.js';
import { settingsFault } from './settings-rule.js';
import type { ProfileChange } from './users.dto.js';
import { changedMeanwhile, clientRefused, unconfirmedFields, userDeleted } from './users.errors.js';

/** What a person may do to his own profile. */
@Injectable()
export class OwnProfileService {
  constructor(
    private readonly database: DataSource,
    private readonly profiles: ProfilesService,
    private readonly directories: Directories,
  ) {}

  /**
   * The issuer is written first, then Postgres, so that success is never told before both hold the change; the same
   * call again converges, wherever this one broke off. `If-Match` decides before the issuer is asked; where it fits no
   * more afterwards, the names are kept, for the issuer holds them, and nothing else is.
   * What the issuer then holds is compared with what was asked: it may store a name otherwise.
   * @throws ApiError 412: nothing is changed, or nothing but the names where the entries name the other fields; 503 whose
   *   entries name each field that is not confirmed; 404, 409, 422 as the issuer says
   */
  async update(
    caller: FastifyRequest,
    profile: Profile,
    change: ProfileChange,
    ifMatch: string | undefined,
  ): Promise<Profile> {
    assertIfMatch(ifMatch, etagOf(profile.version));
    const word = await this.tellIssuer(caller, profile, change);
    const own = applicationFields(change);
    const hasOwn = Object.keys(own).length > 0;
    if (word === null && !hasOwn) return profile;
    const altered = word ? alteredNames(word, change) : [];
    if (word && altered.length > 0) {
      await this.write(profile, (tx) => syncProfileWithin(tx, word));
      throw invalid(altered);
    }
    let isStale = false;
    const written = await this.write(profile, async (tx) => {
      isStale = !(await stillMatches(tx, profile, ifMatch));
      if (isStale && word === null) throw preconditionFailed();
      if (word) await learnOwn(tx, word, change);
      if (hasOwn && !isStale) await writeOwn(tx, profile.id, own);
    }).catch((error: unknown) => {
      throw error instanceof ApiError ? error : unconfirmedFields(unconfirmedOf(change, word), error);
    });
    if (isStale && hasOwn) throw changedMeanwhile(unconfirmedOf(change, word));
    return written;
  }

  /** @throws ApiError 412, 422 */
  async replaceSettings(profile: Profile, settings: unknown, ifMatch: string | undefined): Promise<Profile> {
    const fault = settingsFault(settings);
    if (fault) throw invalid([{ field: null, code: fault.code, message: fault.message }]);
    assertIfMatch(ifMatch, etagOf(profile.version));
    return this.write(profile, async (tx) => {
      if (!(await stillMatches(tx, profile, ifMatch))) throw preconditionFailed();
      await writeOwn(tx, profile.id, { settings: settings as Settings });
    });
  }

  private async write(profile: Profile, work: (tx: EntityManager) => Promise<void>): Promise<Profile> {
    await retryingCollisions(() => this.database.transaction(work));
    return (await this.profiles.findByIdentity(profile.issuer, profile.sub)) ?? profile;
  }

  private async tellIssuer(
    caller: FastifyRequest,
    profile: Profile,
    change: ProfileChange,
  ): Promise<IssuerProfile | null> {
    const { first_name: firstName, last_name: lastName } = change;
    if (firstName === undefined && lastName === undefined) return null;
    try {
      if (caller.keycloakFailure) throw caller.keycloakFailure;
      const word = await this.directories
        .of(profile.issuer)
        .rename(caller, profile.sub, { firstName, lastName });
      // Clocks differ: this word is newer in any case than the one that came with the caller's token.
      return { ...word, assertedAt: new Date(Math.max(word.assertedAt.getTime(), profile.assertedAt.getTime() + 1)) };
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

/** Once the issuer has answered, it holds its fields; where there are no others, ours of them are what is not stored. */
function unconfirmedOf(change: ProfileChange, word: IssuerProfile | null): string[] {
  const own = namesOf(change).filter((name) => word === null || !isIssuerOwned(name));
  return own.length > 0 ? own : namesOf(change);
}

type Settings = Record<string, unknown>;
type ApplicationFields = Partial<Pick<User, 'displayName' | 'profilePicture' | 'settings'>>;

/**
 * Between the issuer's answer and this moment somebody may have learnt what seems to be newer word. Then the change is
 * not here, and success may not be told: the same call again converges.
 */
async function learnOwn(tx: EntityManager, word: IssuerProfile, change: ProfileChange): Promise<void> {
  await syncProfileWithin(tx, word);
  const { firstName, lastName } = await tx.findOneByOrFail(Identity, { issuer: word.issuer, sub: word.sub });
  const isHeld =
    (change.first_name === undefined || firstName === word.firstName) &&
    (change.last_name === undefined || lastName === word.lastName);
  if (!isHeld) throw unconfirmedFields(namesOf(change), new Error('newer word was learnt meanwhile'));
}

/**
 * Whether `If-Match` fits the version that is written, which is locked where the client asks. Identities are locked
 * before users, everywhere.
 */
async function stillMatches(
  tx: EntityManager,
  { id, issuer, sub }: Profile,
  ifMatch: string | undefined,
): Promise<boolean> {
  if (ifMatch === undefined) return true;
  await tx.query('SELECT 1 FROM users.identities WHERE issuer = $1 AND sub = $2 FOR UPDATE', [issuer, sub]);
  const [user] = await tx.query('SELECT version FROM users.users WHERE id = $1 FOR UPDATE', [id]);
  return isMatch(ifMatch, etagOf(user.version));
}

/** Never into a tombstone: the person may have been deleted since his request came in. */
async function writeOwn(tx: EntityManager, id: string, fields: ApplicationFields): Promise<void> {
  // TypeORM's type wants to look into the JSON as if it held columns.
  const values = fields as QueryDeepPartialEntity<User>;
  const { affected } = await tx.update(User, { id, status: Not('deleted') }, values);
  if (affected === 0) throw userDeleted();
}

function applicationFields({ display_name, profile_picture, settings }: ProfileChange): ApplicationFields {
  return {
    ...(display_name === undefined ? {} : { displayName: display_name }),
    ...(profile_picture === undefined ? {} : { profilePicture: profile_picture }),
    ...(settings === undefined ? {} : { settings: settings ?? {} }),
  };
}
