import { Check, Column, Entity, PrimaryColumn } from 'typeorm';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';
import { CreatedAtColumn } from '../shared-entities/columns.js';

/** Why the issuer no longer lets a person sign in. */
export type EndedReason = 'disabled' | 'deleted';

/** A person who can no longer sign in at the issuer. Triggers tell the readers of the feed. */
@Entity('ended_subjects')
@Check('ended_subjects_reason_check', `reason IN ('disabled', 'deleted')`)
export class EndedSubject {
  @PrimaryColumn('text')
  issuer: IssuerId;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  sub: string;

  @Column('text')
  reason: EndedReason;

  @CreatedAtColumn()
  endedAt: Date;
}
