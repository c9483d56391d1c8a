import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { DataSource } from 'typeorm';
import { createAuditPartitions, dropAuditPartitions } from './audit-partitions.js';

/** Injects the number of days for which events are kept. */
export const AUDIT_RETENTION_DAYS = Symbol('audit retention days');

const INTERVAL_MS = 3_600_000;

/**
 * Creates partitions ahead of time and drops those past retention, at the start and every hour. A failure only delays
 * it: without a partition of their month, events go to the default partition.
 */
@Injectable()
export class AuditMaintenance implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Audit');
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: DataSource,
    @Inject(AUDIT_RETENTION_DAYS) private readonly retentionDays: number,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.run();
    this.timer = setInterval(() => {
      this.running = this.run();
    }, INTERVAL_MS).unref();
  }

  /** Before the database is closed. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      await createAuditPartitions(this.database);
      const dropped = await dropAuditPartitions(this.database, this.retentionDays);
      if (dropped.length > 0)
        this.logger.log({ msg: 'audit events past retention dropped', partitions: dropped });
    } catch (error) {
      this.logger.warn({
        msg: 'audit partitions could not be maintained; the next attempt is in an hour',
        cause: (error as Error).message,
      });
    }
  }
}
