import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { newId } from '#libs/core/ids.js';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';
import { unavailable } from '#libs/http/replies/api-error.js';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';

/** Longer than a change takes. A lease whose holder has died ends by itself. */
const LEASE_MS = 2_500;
const RETRY_MS = 20;
const RELEASE_RETRY_MS = 100;

const ACQUIRE = {
  name: 'acquire-directory-lease',
  text: `INSERT INTO users.directory_leases AS lease (issuer, sub, holder, expires_at)
    VALUES ($1, $2, $3, now() + ${LEASE_MS} * interval '1 ms')
    ON CONFLICT (issuer, sub) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
    WHERE lease.expires_at < now() RETURNING holder`,
};
const RELEASE = {
  name: 'release-directory-lease',
  text: 'DELETE FROM users.directory_leases WHERE issuer = $1 AND sub = $2 AND holder = $3',
};

/**
 * Lets one replica at a time change a user in an issuer's directory. Keycloak writes back the whole user that it has
 * read, so that one of two concurrent changes would be lost: see `docs/decisions/keycloak-writes.md`.
 */
export class DirectoryLeases {
  constructor(
    private readonly issuer: IssuerId,
    private readonly database: DataSource,
  ) {}

  /**
   * Runs the work while it holds the user's lease.
   * @param signal once it is aborted, the work is not started: it could undo later changes
   * @throws ApiError 503 where the database is not available; the signal's reason
   */
  async runExclusively<T>(sub: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const holder = newId();
    while (!(await this.tryAcquire(sub, holder))) await sleep(RETRY_MS, undefined, { signal });
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      // In the background: the caller does not wait for it.
      void this.release(sub, holder);
    }
  }

  /** Tries until the row is deleted or the lease has ended: the database may be away meanwhile. */
  private async release(sub: string, holder: string): Promise<void> {
    const endsAt = performance.now() + LEASE_MS;
    while (performance.now() < endsAt) {
      try {
        await preparedQuery(this.database, { ...RELEASE, values: [this.issuer, sub, holder] });
        return;
      } catch {
        await sleep(RELEASE_RETRY_MS, undefined, { ref: false });
      }
    }
  }

  private async tryAcquire(sub: string, holder: string): Promise<boolean> {
    try {
      const rows = await preparedQuery(this.database, { ...ACQUIRE, values: [this.issuer, sub, holder] });
      return rows.length > 0;
    } catch (error) {
      // An ApiError, so that the circuit to Keycloak does not count it as Keycloak's failure.
      throw unavailable(1, 'database_unavailable', undefined, error);
    }
  }
}
