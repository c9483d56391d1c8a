import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createAuditEvents, dropAuditEvents } from '../audit-events.js';

/** The audit log: see `docs/decisions/audit.md`. */
export class CreateAuditEvents1795713200000 implements MigrationInterface {
  up(db: QueryRunner): Promise<void> {
    return createAuditEvents(db, 'identity');
  }

  down(db: QueryRunner): Promise<void> {
    return dropAuditEvents(db, 'identity');
  }
}
