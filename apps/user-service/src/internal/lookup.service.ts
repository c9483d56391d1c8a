import { Injectable } from '@nestjs/common';
import type { AuditContext } from '#libs/audit/audit-context.js';
import { isStorable, textKey } from '#libs/core/ids.js';
import { BatchedLookup, type LookupStatement } from '#libs/database/queries/batched-lookup.js';
import { Reads } from '#libs/database/replicas/reads.js';
import { notFound } from '#libs/http/replies/api-error.js';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';
import { IssuerRegistry } from '../directory/issuer-registry.js';
import { PROFILE_COLUMNS, PROFILE_TABLES, type Profile } from '../users/profile.js';
import { ProfilesService } from '../users/profiles.service.js';

/** Keycloak's usernames have at most 255 characters, emails at most 254. */
const MAX_USERNAME = 255;

/** Profiles of deleted users have no username. */
const BY_USERNAME: LookupStatement = {
  name: 'profile-by-username',
  keyTypes: ['text', 'text'],
  /** @param issuers their ids in the order of preference, as `arrayText` */
  sql: (issuers, usernameKey) => `SELECT ${PROFILE_COLUMNS} FROM ${PROFILE_TABLES}
    WHERE i.issuer = ANY(${issuers}::text[]) AND i.username_key = ${usernameKey}
    ORDER BY array_position(${issuers}::text[], i.issuer)`,
};

/** Finds profiles for other services. Suspended users are found as well. */
@Injectable()
export class LookupService {
  private readonly byUsername: BatchedLookup<[string, string], Profile>;

  constructor(
    private readonly reads: Reads,
    private readonly profiles: ProfilesService,
    private readonly issuers: IssuerRegistry,
  ) {
    this.byUsername = new BatchedLookup((statement) => reads.query(statement), BY_USERNAME);
  }

  /**
   * One indexed query where there is a profile. Otherwise the issuers are asked, and a profile is made.
   * @param auditOf the request, called only where a profile is made
   * @param issuer null: the first one in the order of `IssuerRegistry.ids` that has such a user
   * @throws ApiError 404; 503 where an issuer has to be asked and is not available
   */
  async getByUsername(
    username: string,
    issuer: IssuerId | null,
    auditOf: () => AuditContext,
  ): Promise<Profile> {
    if (!isStorable(username) || username.length > MAX_USERNAME) throw notFound();
    const ids = issuer === null ? this.issuers.ids : [issuer];
    const profile =
      (await this.byUsername.find(arrayText(ids), textKey(username))) ??
      (await this.provision(username, ids, auditOf));
    if (!profile || profile.status === 'deleted') throw notFound();
    return profile;
  }

  /** One query. Entries that are not found are left out. */
  async findMany(by: { subs: string[] } | { ids: string[] }): Promise<Profile[]> {
    const [name, condition, values] =
      'subs' in by
        ? (['profiles-by-subs', 'i.sub = ANY($1::text[])', by.subs] as const)
        : (['profiles-by-ids', 'u.id = ANY($1::uuid[])', by.ids] as const);
    return this.reads.query<Profile>({
      name,
      text: `SELECT ${PROFILE_COLUMNS} FROM ${PROFILE_TABLES} WHERE ${condition} AND u.status <> 'deleted'`,
      values: [values],
    });
  }

  private async provision(
    username: string,
    ids: readonly IssuerId[],
    auditOf: () => AuditContext,
  ): Promise<Profile | null> {
    for (const id of ids) {
      const found = await this.issuers.find(id)?.directory.findByUsername(username);
      if (found) return this.profiles.sync(found, auditOf);
    }
    return null;
  }
}

/** Ids as the text of a Postgres array: `{"keycloak","native"}`. An id contains nothing that would need escaping. */
const arrayText = (ids: readonly IssuerId[]): string => `{${ids.map((id) => `"${id}"`).join(',')}}`;
