import type { DataSource, EntityManager } from 'typeorm';
import { KeyedSemaphore } from '#libs/core/keyed-semaphore.js';
import { unavailable } from '#libs/http/replies/api-error.js';

/** How long a transaction waits for others of this process, and then at the lock for those of other replicas. */
const QUEUE_TIMEOUT_MS = 2_000;
const LOCK_TIMEOUT_MS = 1_000;
/**
 * A transaction that waits for the lock occupies a connection, so that many of them would use up the pool. Therefore only
 * two of a process have a connection: one works, and the next one waits for the lock.
 */
const LOCK_KEYS = [{ name: 'lock', limit: 2 }];

/** READ COMMITTED: after the lock each statement sees what the previous holder has committed. */
const PREPARE = `
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`;

/**
 * Runs transactions one after the other on all replicas, so that the checks of one still hold at its commit.
 * @see docs/decisions/authority.md
 */
export class ExclusiveTransactions {
  private readonly queue = new KeyedSemaphore(() => unavailable(1, 'busy'));

  /** @param table a table with one row, which is locked: `identity.authority` */
  constructor(
    private readonly database: DataSource,
    private readonly table: string,
  ) {}

  /**
   * @param owner the caller: waiting transactions take turns by caller, so that many of one do not delay the others
   * @throws ApiError 503 (too long a wait), and any error of `work`: then nothing is changed
   */
  run<T>(owner: string, work: (tx: EntityManager) => Promise<T>): Promise<T> {
    const transaction = () =>
      this.database.transaction(async (tx) => {
        await tx.query(PREPARE);
        const locked: unknown[] = await tx.query(`SELECT FROM ${this.table} FOR UPDATE`);
        if (locked.length !== 1) throw new Error(`${this.table} must have exactly one row: it is the lock.`);
        return work(tx);
      });
    return this.queue.run(LOCK_KEYS, QUEUE_TIMEOUT_MS, transaction, { owner });
  }
}
