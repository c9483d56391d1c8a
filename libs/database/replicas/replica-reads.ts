import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { QueryResultRow } from 'pg';
import { DataSource, type DataSourceOptions, type EntityManager } from 'typeorm';
import { findPostgresError, isUnavailable } from '../errors/pg-errors.js';
import { type PreparedStatement, preparedQuery, runPrepared } from '../queries/prepared-query.js';
import type { Reads } from './reads.js';
import { SharedQuestion } from './shared-question.js';
import { HAS_REPLAYED, POSITION, type WalPosition } from './wal-position.js';

export interface ReplicaOptions {
  /** The replica's data source. */
  options: DataSourceOptions;
  /** The replica's URL leads to a PgBouncer in transaction mode. */
  pooled: boolean;
  /** A replica that has been behind for longer is not waited for. */
  maxLagSeconds: number;
}

/** As the settings have it. */
export interface ReplicaSettings {
  url: string;
  maxLagSeconds: number;
}

export const replicaOf = (settings: {
  replicaUrl: string | null;
  replicaMaxLagSeconds: number;
}): ReplicaSettings | null =>
  settings.replicaUrl === null
    ? null
    : { url: settings.replicaUrl, maxLagSeconds: settings.replicaMaxLagSeconds };

/** How long a read waits for the replica to catch up, and the pause between two checks. */
export const REPLAY_WAIT_MS = 50;
const REPLAY_PAUSE_MS = 5;
/** A replica that is away or behind is tried again after this time. */
const RETRY_MS = 1_000;

/** Reads from the primary alone. */
export class PrimaryReads implements Reads {
  constructor(private readonly primary: DataSource) {}

  run<T>(read: (manager: EntityManager) => Promise<T>): Promise<T> {
    return read(this.primary.manager);
  }

  query<Row extends QueryResultRow>(statement: PreparedStatement): Promise<Row[]> {
    return preparedQuery<Row>(this.primary, statement);
  }
}

/** Reads from a replica that has what the primary has. Where it is away or behind, the primary is read. */
export class ReplicaReads implements Reads, OnApplicationShutdown {
  private readonly logger = new Logger('Database');
  private readonly position: SharedQuestion<WalPosition>;
  private replica: DataSource | null = null;
  private opening = false;
  private closed = false;
  private retryAt = 0;
  private behindSince: number | null = null;

  constructor(
    private readonly primary: DataSource,
    private readonly options: ReplicaOptions,
  ) {
    this.position = new SharedQuestion(async () => {
      const [position] = await primary.query<WalPosition[]>(POSITION);
      return position as WalPosition;
    });
    void this.open();
  }

  async run<T>(read: (manager: EntityManager) => Promise<T>): Promise<T> {
    const answer = this.isUsable() ? await this.onReplica(read) : null;
    return answer ? answer.value : read(this.primary.manager);
  }

  query<Row extends QueryResultRow>(statement: PreparedStatement): Promise<Row[]> {
    return this.run(async ({ queryRunner }) => {
      if (!queryRunner) return preparedQuery<Row>(this.primary, statement);
      return runPrepared<Row>(await queryRunner.connect(), statement);
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.closed = true;
    if (this.replica?.isInitialized) await this.replica.destroy();
  }

  private isUsable(): boolean {
    if (performance.now() < this.retryAt) return false;
    if (!this.replica) void this.open();
    return this.replica !== null;
  }

  /** @returns null if the replica cannot answer */
  private async onReplica<T>(read: (manager: EntityManager) => Promise<T>): Promise<{ value: T } | null> {
    const position = await this.findPosition();
    if (!position) return null;
    const replica = this.replica as DataSource;
    const answer = async (manager: EntityManager) =>
      (await this.catchesUp(manager, position)) ? { value: await read(manager) } : null;
    try {
      // Behind PgBouncer only a transaction stays on one connection, and thereby on one server.
      return await (this.options.pooled ? replica.transaction(answer) : onOneConnection(replica, answer));
    } catch (error) {
      if (!isUnavailable(error) && !isUnsuitable(error)) throw error;
      this.skip(error as Error);
      return null;
    }
  }

  /** @returns null if the primary does not tell its position. Another failure would also fail the read there. */
  private async findPosition(): Promise<WalPosition | null> {
    try {
      return await this.position.ask();
    } catch (error) {
      if (!isUnsuitable(error)) throw error;
      this.skip(error as Error);
      return null;
    }
  }

  private async catchesUp(manager: EntityManager, { lsn, timeline }: WalPosition): Promise<boolean> {
    const since = performance.now();
    for (;;) {
      const rows: { replayed: boolean | null }[] = await manager.query(HAS_REPLAYED, [lsn, timeline]);
      if (rows[0]?.replayed) {
        this.behindSince = null;
        return true;
      }
      const now = performance.now();
      if (now - since > REPLAY_WAIT_MS) {
        this.behindSince ??= since;
        const isTooFar = now - this.behindSince > this.options.maxLagSeconds * 1_000;
        if (isTooFar) this.skip(new Error('it is too far behind'));
        return false;
      }
      await sleep(REPLAY_PAUSE_MS);
    }
  }

  private skip({ message }: Error): void {
    this.retryAt = performance.now() + RETRY_MS;
    this.logger.warn({ msg: 'replica is not used', reason: message });
  }

  private async open(): Promise<void> {
    if (this.opening || this.closed) return;
    this.opening = true;
    try {
      const replica = await new DataSource(this.options.options).initialize();
      if (this.closed) await replica.destroy();
      else this.replica = replica;
    } catch (error) {
      this.skip(error as Error);
    } finally {
      this.opening = false;
    }
  }
}

/** A query runner keeps its connection until it is released. */
async function onOneConnection<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.connect();
    return await work(runner.manager);
  } finally {
    await runner.release();
  }
}

/** A server that does not tell its position, or a standby that has cancelled the read (40001 is unavailable as well). */
export const isUnsuitable = (error: unknown): boolean =>
  ['42501', '42883', '55000', '0A000'].includes(findPostgresError(error)?.code ?? '');
