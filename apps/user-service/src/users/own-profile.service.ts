import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DataSource, type EntityManager, Not, type QueryDeepPartialEntity } from 'typeorm';
import { User } from '#libs/database/users/user.entity.js';
import { ApiError, type ErrorEntry, invalid, unavailable } from '#libs/http/api-error.js';
import { Directories } from '../directory/directories.js';
import { learnWithin, retryingCollisions } from './learning.js';
import type { IssuerWord, Profile } from './profile.js';
import { ProfilesService } from './profiles.service.js';
import { settingsFault } from './settings-rule.js';
import type { ProfileChange } from './users.dto.js';
import { userDeleted } from './users.errors.js';

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
   * call again converges, wherever this one broke off.
   * @throws ApiError 503 whose entries name each field that is not confirmed; 404, 409, 422 as the issuer says
   */
  async update(caller: FastifyRequest, profile: Profile, change: ProfileChange): Promise<Profile> {
    const word = await this.tellIssuer(caller, profile, change);
    const own = applicationFields(change);
    if (word === null && Object.keys(own).length === 0) return profile;
    try {
      await retryingCollisions(() =>
        this.database.transaction(async (tx) => {
          if (word) await learnWithin(tx, word);
          if (Object.keys(own).length > 0) await writeOwn(tx, profile.id, own);
        }),
      );
    } catch (error) {
      if (error instanceof ApiError) throw error;
      const unconfirmed = word ? namesOf(change).filter((name) => !isIssuerOwned(name)) : namesOf(change);
      throw unconfirmedFields(unconfirmed.length > 0 ? unconfirmed : namesOf(change), error);
    }
    return (await this.profiles.findByIdentity(profile.issuer, profile.sub)) ?? profile;
  }

  /** @throws ApiError 422 */
  async replaceSettings(profile: Profile, settings: unknown): Promise<Record<string, unknown>> {
    const fault = settingsFault(settings);
    if (fault) throw invalid([{ field: null, code: fault.code, message: fault.message }]);
    await writeOwn(this.database.manager, profile.id, { settings: settings as Record<string, unknown> });
    return settings as Record<string, unknown>;
  }

  private async tellIssuer(
    caller: FastifyRequest,
    profile: Profile,
    change: ProfileChange,
  ): Promise<IssuerWord | null> {
    const { first_name: firstName, last_name: lastName } = change;
    if (firstName === undefined && lastName === undefined) return null;
    try {
      const word = await this.directories
        .of(profile.issuer)
        .rename(caller, profile.sub, { firstName, lastName });
      // Clocks differ: this word is newer in any case than the one that came with the caller's token.
      return { ...word, toldAt: new Date(Math.max(word.toldAt.getTime(), profile.toldAt.getTime() + 1)) };
    } catch (error) {
      throw error instanceof ApiError && error.status === 503
        ? unconfirmedFields(namesOf(change), error)
        : error;
    }
  }
}

const isIssuerOwned = (name: string): boolean => name === 'first_name' || name === 'last_name';

const namesOf = (change: ProfileChange): string[] =>
  Object.entries(change).flatMap(([name, value]) => (value === undefined ? [] : [name]));

type ApplicationFields = Partial<Pick<User, 'displayName' | 'profilePicture' | 'settings'>>;

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

function unconfirmedFields(names: string[], cause: unknown): ApiError {
  const entries = names.map(
    (field): ErrorEntry => ({
      field,
      code: 'not_confirmed',
      message: 'It is not certain that this was stored. Send it again.',
    }),
  );
  return unavailable(2, 'not_confirmed', entries, cause);
}
