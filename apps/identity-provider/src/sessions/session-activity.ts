import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';

const FLUSH_MS = 5_000;
/** Sessions that one process notes between two writes. More of them are noted at their next request. */
const MAX_NOTED = 10_000;
/** Small enough not to delay other queries. */
const BATCH = 1_000;

/** SQL: whether a session's last use is so old that the next one is written. With `FLUSH_MS` it stays below a minute. */
export const isStale = (session: string): string =>
  `coalesce(${session}.last_used_at, ${session}.created_at) < now() - interval '30 seconds'`;

/** Writes when sessions were last used: together for many sessions, and outside the requests that use them. */
@Injectable()
export class SessionActivity implements OnModuleDestroy {
  private readonly logger = new Logger(SessionActivity.name);
  private noted = new Set<string>();
  private timer: NodeJS.Timeout | null = null;
  /** The last write, which may still run. */
  private writing = Promise.resolve();
  private isStopped = false;

  constructor(private readonly database: DataSource) {}

  /** @param sessionId of a session that is in use, and whose last use is stale */
  note(sessionId: string): void {
    if (this.isStopped) return;
    if (this.noted.size < MAX_NOTED) this.noted.add(sessionId);
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  /** Writes what is noted, before the database closes. */
  async onModuleDestroy(): Promise<void> {
    this.isStopped = true;
    await this.flush();
  }

  private flush(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const ids = [...this.noted];
    this.noted = new Set();
    this.writing = this.writing.then(() => this.writeAll(ids));
    return this.writing;
  }

  private async writeAll(ids: string[]): Promise<void> {
    try {
      for (let from = 0; from < ids.length; from += BATCH) await this.write(ids.slice(from, from + BATCH));
    } catch (error) {
      this.logger.warn(`The last use of sessions could not be written: ${(error as Error).message}`);
    }
  }

  /** Leaves out rows that another transaction changes: that is a use of the session, or its end. */
  private write(ids: string[]): Promise<unknown> {
    return preparedQuery(this.database, {
      name: 'session-activity',
      text: `UPDATE identity.sessions SET last_used_at = now() WHERE id IN (
          SELECT id FROM identity.sessions s WHERE id = ANY($1) AND ${isStale('s')} FOR UPDATE SKIP LOCKED)`,
      values: [ids],
    });
  }
}
