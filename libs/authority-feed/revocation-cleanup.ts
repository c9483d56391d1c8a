import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { DataSource } from 'typeorm';

const INTERVAL_MS = 60_000;
const BATCH = 1_000;
/** Of one run: the next one continues. */
const MAX_BATCHES = 20;

/** Deletes expired revocations every minute. Several processes share the work. */
export class RevocationCleanup implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(RevocationCleanup.name);
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly database: DataSource,
    private readonly schema: 'identity' | 'users',
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.runSafely(), INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    if (this.timer) clearInterval(this.timer);
  }

  /** @returns the number of deleted rows, in batches of 1,000 */
  async run(): Promise<number> {
    let deleted = 0;
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const [, count] = await this.database.query(
        `DELETE FROM ${this.schema}.revocations WHERE (issuer, kind, id) IN (
           SELECT issuer, kind, id FROM ${this.schema}.revocations WHERE expires_at <= now()
           LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`,
      );
      deleted += count;
      if (count < BATCH) break;
    }
    return deleted;
  }

  private async runSafely(): Promise<void> {
    try {
      await this.run();
    } catch (error) {
      this.logger.warn({ msg: 'expired revocations were not deleted', reason: (error as Error).message });
    }
  }
}
