import { type DynamicModule, Module } from '@nestjs/common';
import { AuditEventsController } from './audit-events.controller.js';
import { AUDIT_RETENTION_DAYS, AuditMaintenance } from './audit-maintenance.js';

/** The route `audit-events`, and the maintenance of the partitions. Needs the application's `DataSource` and `BackgroundModule`. */
@Module({})
export class AuditModule {
  static forRoot(retentionDays: number): DynamicModule {
    return {
      module: AuditModule,
      controllers: [AuditEventsController],
      providers: [{ provide: AUDIT_RETENTION_DAYS, useValue: retentionDays }, AuditMaintenance],
    };
  }
}
