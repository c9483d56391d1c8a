import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BackgroundRunner } from '#libs/background/background-runner.js';
import { createAuditPartitions, dropAuditPartitions } from './audit-partitions.js';

/** Injects the number of days for which events are kept. */
export const AUDIT_RETENTION_DAYS = Symbol('audit retention days');

const INTERVAL_MS = 3_600_000;

/**
 * Creates partitions ahead of time and drops those past retention, at the start and every hour. A failure only delays
 * it: without a partition of their month, events go to the default partition.
 */
@Injectable()
export class AuditMaintenance implements OnModuleInit {
  private readonly logger = new Logger('Audit');

  constructor(
    private readonly database: DataSource,
    @Inject(AUDIT_RETENTION_DAYS) private readonly retentionDays: number,
    private readonly background: BackgroundRunner,
  ) {}

  onModuleInit(): void {
    this.background.add({
      name: 'audit-partitions',
      intervalMs: INTERVAL_MS,
      runsAtStart: true,
      run: () => this.run(),
    });
  }

  private async run(): Promise<void> {
    await createAuditPartitions(this.database);
    const dropped = await dropAuditPartitions(this.database, this.retentionDays);
    if (dropped.length > 0)
      this.logger.log({ msg: 'audit events past retention dropped', partitions: dropped });
  }
}
