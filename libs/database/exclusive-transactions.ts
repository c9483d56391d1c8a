import type { DataSource, EntityManager } from 'typeorm';
import { KeyedSemaphore } from '#libs/core/keyed-semaphore.js';
import { unavailable } from '#libs/http/replies/api-error.js';

/** How long (ms) a transaction waits for others: in this process, then at the lock, for those of other replicas. */
const PATIENCE = 2_000;
const LOCK_TIMEOUT = 1_000;
/**
 * A transaction that waits at the lock holds a connection, and a crowd would take the whole pool from all other
 * requests: so most wait before. One works while the next already has its connection.
 */
const TO_THE_LOCK = [{ name: 'lock', width: 2 }];

/** READ COMMITTED: each statement after the lock sees what its former holder committed. */
const PREPARE = `
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET LOCAL lock_timeout = ${LOCK_TIMEOUT}`;

/**
 * Transactions that run one after the other on all replicas, so that what one checks still holds at its commit.
 * @see docs/decisions/authority.md
 */
export class ExclusiveTransactions {
  private readonly lanes = new KeyedSemaphore(() => unavailable(1, 'busy'));

  /** @param table has one row, which is the lock: `identity.authority` */
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
        if (locked.length !== 1)
          throw new Error(`${this.table} must have one row: without it nothing is locked.`);
        return work(tx);
      });
    return this.lanes.run(TO_THE_LOCK, PATIENCE, transaction, { owner });
  }
}
