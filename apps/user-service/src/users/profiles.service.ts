import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { preparedQuery } from '#libs/database/prepared-query.js';
import type { IssuerName } from '#libs/database/users/identity.entity.js';
import { syncProfile } from '../profile-sync/profile-sync.js';
import { type IssuerProfile, PROFILE_COLUMNS, PROFILE_TABLES, type Profile } from './profile.js';

/** Profiles by identity: found, made once, and kept as fresh as the issuer's newest word. */
@Injectable()
export class ProfilesService {
  constructor(private readonly database: DataSource) {}

  /** One indexed query; tombstones are found too. */
  async findByIdentity(issuer: IssuerName, sub: string): Promise<Profile | null> {
    const [profile] = await preparedQuery<Profile>(this.database, {
      name: 'profile-by-identity',
      text: `SELECT ${PROFILE_COLUMNS} FROM ${PROFILE_TABLES} WHERE i.issuer = $1 AND i.sub = $2`,
      values: [issuer, sub],
    });
    return profile ?? null;
  }

  /**
   * The profile of whom the issuer speaks of: as it stands where this word is no news, else made or refreshed.
   * However many ask at once, there is one; a tombstone stays one.
   */
  async ofIssuerWord(word: IssuerProfile): Promise<Profile> {
    const known = await this.findByIdentity(word.issuer, word.sub);
    if (known && (known.status === 'deleted' || known.assertedAt >= word.assertedAt)) return known;
    await syncProfile(this.database, word);
    const profile = await this.findByIdentity(word.issuer, word.sub);
    if (!profile) throw new Error('A profile that was just made is gone.');
    return profile;
  }

  /** Removes the profile of a subject that turned out to be no person. One that is suspended or deleted stays. */
  async remove(issuer: IssuerName, sub: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [rows] = await tx.query(
        `DELETE FROM users.identities i USING users.users u
          WHERE i.issuer = $1 AND i.sub = $2 AND u.id = i.user_id AND u.status = 'active' RETURNING u.id`,
        [issuer, sub],
      );
      for (const { id } of rows) await tx.query('DELETE FROM users.users WHERE id = $1', [id]);
    });
  }
}
