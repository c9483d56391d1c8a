import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { AuditContext } from '#libs/audit/audit-context.js';
import { writeAudit } from '#libs/audit/audit-writer.js';
import { BatchedLookup, type LookupStatement } from '#libs/database/queries/batched-lookup.js';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';
import { syncProfile } from '../profile-sync/profile-sync.js';
import { type IssuerProfile, PROFILE_COLUMNS, PROFILE_TABLES, type Profile } from './profile.js';
import { notAPerson } from './users.errors.js';

const BY_IDENTITY: LookupStatement = {
  name: 'profile-by-identity',
  keyTypes: ['text', 'text'],
  sql: (issuer, sub) =>
    `SELECT ${PROFILE_COLUMNS} FROM ${PROFILE_TABLES} WHERE i.issuer = ${issuer} AND i.sub = ${sub}`,
};

/** Profiles by identity. */
@Injectable()
export class ProfilesService {
  private readonly byIdentity: BatchedLookup<[IssuerId, string], Profile>;

  constructor(private readonly database: DataSource) {
    this.byIdentity = new BatchedLookup((statement) => preparedQuery(database, statement), BY_IDENTITY);
  }

  /** One indexed query. Deleted profiles are found as well. */
  findByIdentity(issuer: IssuerId, sub: string): Promise<Profile | null> {
    return this.byIdentity.find(issuer, sub);
  }

  /**
   * Makes the profile of this identity, or updates it where the issuer's data are newer than the stored ones. Concurrent
   * calls make one profile; a deleted profile stays deleted.
   * @param auditOf the cause; not called where nothing changes, which is so for nearly all requests
   */
  async sync(asserted: IssuerProfile, auditOf: () => AuditContext): Promise<Profile> {
    const { issuer, sub, assertedAt } = asserted;
    const known = await this.findByIdentity(issuer, sub);
    if (known && (known.status === 'deleted' || known.assertedAt >= assertedAt)) return known;
    await syncProfile(this.database, asserted, auditOf());
    const profile = await this.findByIdentity(issuer, sub);
    // A concurrent request may have found out that the subject is a service account.
    if (!profile) throw notAPerson();
    return profile;
  }

  /** Removes the profile of a subject that turned out to be a service account, unless it is suspended or deleted. */
  async remove(issuer: IssuerId, sub: string, audit: AuditContext): Promise<void> {
    await this.database.transaction(async (tx) => {
      // Locked first, so that the status is read after a concurrent change of it.
      await tx.query('SELECT FROM users.identities WHERE issuer = $1 AND sub = $2 FOR UPDATE', [issuer, sub]);
      const [rows] = await tx.query(
        `DELETE FROM users.identities i USING users.users u
          WHERE i.issuer = $1 AND i.sub = $2 AND u.id = i.user_id AND u.status = 'active' RETURNING u.id`,
        [issuer, sub],
      );
      for (const { id } of rows) {
        await tx.query('DELETE FROM users.users WHERE id = $1', [id]);
        await writeAudit(tx, audit, { action: 'user.removed', targetId: id, details: { issuer, sub } });
      }
    });
  }
}
