import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { KeyColumn } from './columns.js';

/**
 * One entry of the audit log, in each schema. The table is partitioned by month, so that its primary key includes the
 * time, and append-only: triggers refuse UPDATE, DELETE and TRUNCATE. `libs/audit` writes and reads it.
 */
@Entity('audit_events')
@Check('audit_events_outcome_check', `outcome IN ('success', 'failure')`)
@Index('audit_events_action_at_id_idx', ['action', 'at', 'id'])
@Index('audit_events_outcome_at_id_idx', ['outcome', 'at', 'id'])
@Index('audit_events_actor_sub_at_id_idx', ['actorSub', 'at', 'id'])
@Index('audit_events_target_id_at_id_idx', ['targetId', 'at', 'id'])
export class AuditEvent {
  @PrimaryColumn({ type: 'timestamptz', precision: 3, default: () => 'statement_timestamp()' })
  at: Date;

  @PrimaryColumn('uuid')
  id: string;

  @KeyColumn()
  action: string;

  @KeyColumn()
  outcome: 'success' | 'failure';

  @KeyColumn({ nullable: true })
  actorIssuer: string | null;

  @KeyColumn({ nullable: true })
  actorSub: string | null;

  @Column('text', { nullable: true })
  actorName: string | null;

  @KeyColumn({ nullable: true })
  targetType: string | null;

  @KeyColumn({ nullable: true })
  targetId: string | null;

  @Column('text', { nullable: true })
  clientId: string | null;

  @Column('text', { nullable: true })
  sessionId: string | null;

  @Column('text', { nullable: true })
  address: string | null;

  @Column('text', { nullable: true })
  userAgent: string | null;

  @Column('text', { nullable: true })
  requestId: string | null;

  @Column('jsonb', { default: {} })
  details: Record<string, unknown>;
}
