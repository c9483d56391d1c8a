import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { preparedQuery } from '#libs/database/prepared-query.js';
import { unavailable } from '#libs/http/replies/api-error.js';
import { newId } from '#libs/core/ids.js';

/** Longer (ms) than a change takes: it ends by itself where its holder has died. */
const LASTS_MS = 2_500;
const PAUSE_MS = 20;
const RELEASE_AGAIN_MS = 100;

const TAKE = {
  name: 'take-keycloak-lease',
  text: `INSERT INTO users.keycloak_leases AS lease (sub, holder, expires_at) VALUES ($1, $2, now() + ${LASTS_MS} * interval '1 ms')
    ON CONFLICT (sub) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
    WHERE lease.expires_at < now() RETURNING holder`,
};
const RELEASE = {
  name: 'release-keycloak-lease',
  text: 'DELETE FROM users.keycloak_leases WHERE sub = $1 AND holder = $2',
};

/**
 * Of two changes of a user that overlap Keycloak keeps one, since each writes back the whole user that it has read: a
 * first name and a last name that are changed at once undo each other. So whoever changes a user holds a lease on him,
 * on all replicas: see `docs/decisions/keycloak-writes.md`.
 */
export class KeycloakLeases {
  constructor(private readonly database: DataSource) {}

  /**
   * Runs the work as the only one who changes this user.
   * @param signal once it is aborted, work is not begun: a late change would undo what others have changed since
   * @throws ApiError 503 where the database is away; the signal's reason
   */
  async runExclusively<T>(sub: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const holder = newId();
    while (!(await this.tryTake(sub, holder))) await sleep(PAUSE_MS, undefined, { signal });
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      // Nobody waits for it.
      void this.release(sub, holder);
    }
  }

  /** Until it is done or over: the database may have gone meanwhile. */
  private async release(sub: string, holder: string): Promise<void> {
    const over = performance.now() + LASTS_MS;
    while (performance.now() < over) {
      try {
        await preparedQuery(this.database, { ...RELEASE, values: [sub, holder] });
        return;
      } catch {
        await sleep(RELEASE_AGAIN_MS, undefined, { ref: false });
      }
    }
  }

  private async tryTake(sub: string, holder: string): Promise<boolean> {
    try {
      const rows = await preparedQuery(this.database, { ...TAKE, values: [sub, holder] });
      return rows.length > 0;
    } catch (error) {
      // Not Keycloak's failure: its circuit must not open for it.
      throw unavailable(1, 'database_unavailable', undefined, error);
    }
  }
}
