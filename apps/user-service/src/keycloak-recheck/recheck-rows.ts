import type { DataSource } from 'typeorm';
import type { EndedReason } from '#libs/database/users/ended-subject.entity.js';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';
import type { RecheckedSubject } from '../directory/directory.js';

/** At most this many ended subjects are asked for again in one run. */
const MAX_ENDED = 500;

/** The rows of one issuer's rechecks. */
export class RecheckRows {
  constructor(
    private readonly database: DataSource,
    private readonly issuer: IssuerId,
    private readonly intervalSeconds: number,
  ) {}

  /**
   * Takes the next run, if it is due: only one replica gets it.
   * @returns the subject after which it continues, or null
   */
  async claim(): Promise<string | null> {
    const rows: { position: string }[] = await this.database.query(
      `INSERT INTO users.directory_rechecks AS known (issuer, next_at)
       VALUES ($1, now() + $2 * interval '1 second')
       ON CONFLICT (issuer) DO UPDATE SET next_at = excluded.next_at WHERE known.next_at <= now()
       RETURNING position`,
      [this.issuer, this.intervalSeconds],
    );
    return rows[0]?.position ?? null;
  }

  /** Remembers how far the run has come, and keeps it for this replica. */
  async advance(position: string): Promise<void> {
    await this.database.query(
      `UPDATE users.directory_rechecks SET position = $2, next_at = now() + $3 * interval '1 second' WHERE issuer = $1`,
      [this.issuer, position, this.intervalSeconds],
    );
  }

  /**
   * Looks at the next identities, in the order of their subjects.
   * @param since people whose newest token is older are left out, and so are ended ones
   * @returns `last`: the last one that was looked at; null at the end
   */
  async recentAfter(
    position: string,
    { since, scanned }: { since: Date; scanned: number },
  ): Promise<{ recent: RecheckedSubject[]; last: string | null }> {
    const rows: { sub: string; username: string | null; is_due: boolean }[] = await this.database.query(
      `SELECT sub, username, told_at >= $4 AND NOT EXISTS (
         SELECT FROM users.ended_subjects e WHERE e.issuer = i.issuer AND e.sub = i.sub) AS is_due
       FROM users.identities i WHERE issuer = $1 AND sub > $2 ORDER BY sub LIMIT $3`,
      [this.issuer, position, scanned, since],
    );
    const recent = rows
      .filter((row) => row.is_due)
      .map(({ sub, username }) => ({ sub, username, isDeleted: false }));
    return { recent, last: rows.length < scanned ? null : (rows.at(-1)?.sub ?? null) };
  }

  /** The ended subjects, to be asked for again. */
  ended(): Promise<RecheckedSubject[]> {
    return this.database.query(
      `SELECT e.sub, i.username, e.reason = 'deleted' AS "isDeleted" FROM users.ended_subjects e LEFT JOIN users.identities i USING (issuer, sub)
       WHERE e.issuer = $1 ORDER BY e.ended_at DESC LIMIT ${MAX_ENDED}`,
      [this.issuer],
    );
  }

  /** Also revokes again what an administrator has taken back by activating the profile. @returns whether it is new */
  async end(sub: string, reason: EndedReason): Promise<boolean> {
    const rows: unknown[] = await this.database.query(
      `INSERT INTO users.ended_subjects (issuer, sub, reason) VALUES ($1, $2, $3)
       ON CONFLICT (issuer, sub) DO NOTHING RETURNING sub`,
      [this.issuer, sub, reason],
    );
    if (rows.length > 0) return true;
    await this.database.query(
      `SELECT users.revoke(issuer, kind, id, NULL, NULL) FROM users.revocations
       WHERE issuer = $1 AND kind = 'subject' AND id = $2 AND removed`,
      [this.issuer, sub],
    );
    return false;
  }

  /** @returns whether it was ended */
  async restore(sub: string): Promise<boolean> {
    const [rows]: [unknown[], number] = await this.database.query(
      'DELETE FROM users.ended_subjects WHERE issuer = $1 AND sub = $2 RETURNING sub',
      [this.issuer, sub],
    );
    return rows.length > 0;
  }

  /** Forgets subjects whose last token has expired: they cannot get another one. */
  async forgetExpired(since: Date): Promise<void> {
    await this.database.query(
      `DELETE FROM users.ended_subjects e WHERE e.issuer = $1 AND NOT EXISTS (
         SELECT FROM users.identities i WHERE i.issuer = e.issuer AND i.sub = e.sub AND i.told_at >= $2)`,
      [this.issuer, since],
    );
  }
}
