import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { connectionUrl } from '#libs/database/connections/connection-url.js';
import { DatabaseClient } from '#libs/database/connections/database-client.js';
import { Alarm } from './alarm.js';
import type { AuthorityModel, Update } from './authority-model.js';
import { AuthorityReader, type AuthorityTables } from './authority-rows.js';

/** Finds what a lost notification would have told. */
const POLL_MS = 1_000;
/** All rows are read again after this time: a restore into the tables of a running database deletes rows without a trace. */
const CHECK_MS = 60_000;
/** The most rows of one statement: well below its time limit, and below 50 ms of this process' time. */
const MAX_ROWS = 10_000;
/** Changes that come together are read together. */
const GATHER_MS = 10;
/** Without an answer for so long the database is frozen or unreachable. */
const QUERY_TIMEOUT_MS = 2_000;
const END_TIMEOUT_MS = 500;
const BACK_OFF_MS = { first: 250, last: 2_000 };

export interface AuthoritySourceOptions {
  databaseUrl: string;
  /** The URL leads to a PgBouncer in transaction mode, where no notification arrives: the poll finds everything. */
  pooled: boolean;
  applicationName: string;
  tables: AuthorityTables;
  model: AuthorityModel;
  /** Called after each read that has changed the model. */
  onUpdate(update: Update): void;
  maxRows?: number;
  checkMs?: number;
}

/**
 * Keeps the model up to date on one connection of its own: it listens for notifications, and polls every second. All rows
 * are read in portions, with a poll between them: news does not wait.
 */
export class AuthoritySource {
  private readonly logger = new Logger(AuthoritySource.name);
  private readonly reader: AuthorityReader;
  private readonly closing = new AbortController();
  private readonly alarm = new Alarm();
  private running: Promise<void> | null = null;
  /** Resolves after the read that begins next. */
  private nextRead = deferred();
  private readAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: AuthoritySourceOptions) {
    this.reader = new AuthorityReader(options.tables, options.maxRows ?? MAX_ROWS);
  }

  /**
   * Seconds since the last read of the changes. On a new connection it counts only after all rows have been read, because
   * changes from before are found there. Infinity before the first one.
   */
  get ageSeconds(): number {
    return (performance.now() - this.readAt) / 1_000;
  }

  /**
   * Waits for a read that begins after this call and completes the model. The first call opens the connection.
   * @throws Error where the database does not answer in time
   */
  async read(timeoutMs: number): Promise<void> {
    this.running ??= this.run();
    const { promise } = this.nextRead;
    this.alarm.ring();
    const cancel = new AbortController();
    const timeout = sleep(timeoutMs, undefined, { signal: cancel.signal }).then(() => {
      throw new Error('The database does not answer.');
    });
    await Promise.race([promise, timeout]).finally(() => cancel.abort());
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.alarm.ring();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    for (let failures = 0; !signal.aborted; failures++) {
      const before = this.readAt;
      const reason = await this.follow().catch(({ message }: Error) => message);
      if (this.readAt !== before) failures = 0;
      if (signal.aborted) return;
      if (failures === 0) this.logger.warn({ msg: 'authority feed lost its database', reason });
      const delay = Math.min(BACK_OFF_MS.first * 2 ** failures, BACK_OFF_MS.last);
      await sleep(delay, undefined, { signal }).catch(() => {});
    }
  }

  /** Follows the database until this is closed. @throws Error where the connection breaks */
  private async follow(): Promise<void> {
    const { databaseUrl, pooled, applicationName, tables, model, checkMs = CHECK_MS } = this.options;
    const client = new DatabaseClient({
      pooled,
      connectionString: connectionUrl(databaseUrl),
      application_name: applicationName,
      connectionTimeoutMillis: QUERY_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      keepAlive: true,
    });
    // The next read reports the error too.
    client.on('error', () => this.alarm.ring());
    client.on('notification', () => this.alarm.ring());
    try {
      await client.connect();
      if (!pooled) await client.query(`LISTEN ${tables.channel}`);
      model.reconnect();
      let checkedAt = performance.now();
      while (!this.closing.signal.aborted) {
        await this.poll(client);
        if (!model.nextPortion && performance.now() - checkedAt > checkMs) model.check();
        if (model.nextPortion) {
          model.applyPortion(await this.reader.portion(client, model.nextPortion));
          checkedAt = performance.now();
          continue;
        }
        await this.alarm.wait(POLL_MS);
        await sleep(GATHER_MS);
        this.alarm.reset();
      }
    } finally {
      // A frozen server does not answer to the end of the connection.
      await Promise.race([client.end().catch(() => {}), sleep(END_TIMEOUT_MS, undefined, { ref: false })]);
    }
  }

  private async poll(client: DatabaseClient): Promise<void> {
    const { model, onUpdate } = this.options;
    const thisRead = this.nextRead;
    this.nextRead = deferred();
    const waitForNext = () => void this.nextRead.promise.then(thisRead.resolve);
    try {
      onUpdate(model.apply(await this.reader.changes(client, model.position), Date.now()));
      if (model.isCaughtUp) this.readAt = performance.now();
      if (model.isComplete) thisRead.resolve();
      else waitForNext();
    } catch (error) {
      waitForNext();
      throw error;
    }
  }
}

interface Deferred {
  promise: Promise<void>;
  resolve: () => void;
}

function deferred(): Deferred {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
