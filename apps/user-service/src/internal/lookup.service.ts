import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { preparedQuery } from '#libs/database/prepared-query.js';
import { textKey } from '#libs/core/text-key.js';
import type { IssuerName } from '#libs/database/users/identity.entity.js';
import { notFound } from '#libs/http/replies/api-error.js';
import { isStorable } from '#libs/core/storable-text.js';
import { Directories } from '../directory/directories.js';
import { PROFILE_COLUMNS, PROFILE_TABLES, type Profile } from '../users/profile.js';
import { ProfilesService } from '../users/profiles.service.js';

const ISSUERS: readonly IssuerName[] = ['keycloak', 'native'];
/** Longer ones are nobody's: Keycloak takes 255 characters at most, an email has 254. */
const MAX_USERNAME = 255;

/** Profiles as other services look for them; suspended people are shown, with their status. */
@Injectable()
export class LookupService {
  constructor(
    private readonly database: DataSource,
    private readonly profiles: ProfilesService,
    private readonly directories: Directories,
  ) {}

  /**
   * One indexed query for a known person. Another one is asked of Keycloak, and provisioned where it knows him.
   * @param issuer where both have one of that name; Keycloak's comes first unless told
   * @throws ApiError 404; 503 where Keycloak has to be asked and is away
   */
  async getByUsername(username: string, issuer?: IssuerName): Promise<Profile> {
    if (!isStorable(username) || username.length > MAX_USERNAME) throw notFound();
    const known = await this.findKnown(textKey(username), issuer ? [issuer] : ISSUERS);
    if (known) return known;
    const word = issuer === 'native' ? null : await this.directories.keycloak?.findByUsername(username);
    if (!word) throw notFound();
    const profile = await this.profiles.ofIssuerWord(word);
    if (profile.status === 'deleted') throw notFound();
    return profile;
  }

  /** One query; what is not found is left out. */
  async findMany(by: { subs: string[] } | { ids: string[] }): Promise<Profile[]> {
    const [name, condition, values] =
      'subs' in by
        ? (['profiles-by-subs', 'i.sub = ANY($1::text[])', by.subs] as const)
        : (['profiles-by-ids', 'u.id = ANY($1::uuid[])', by.ids] as const);
    return preparedQuery<Profile>(this.database, {
      name,
      text: `SELECT ${PROFILE_COLUMNS} FROM ${PROFILE_TABLES} WHERE ${condition} AND u.status <> 'deleted'`,
      values: [values],
    });
  }

  private async findKnown(usernameKey: string, issuers: readonly IssuerName[]): Promise<Profile | undefined> {
    const [profile] = await preparedQuery<Profile>(this.database, {
      name: 'profile-by-username',
      // Text order puts Keycloak's before the native one. A tombstone has no username.
      text: `SELECT ${PROFILE_COLUMNS} FROM ${PROFILE_TABLES}
        WHERE i.issuer = ANY($1::text[]) AND i.username_key = $2 ORDER BY i.issuer LIMIT 1`,
      values: [issuers, usernameKey],
    });
    return profile;
  }
}
