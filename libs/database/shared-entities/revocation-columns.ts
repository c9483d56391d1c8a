import { Column, Index, PrimaryColumn } from 'typeorm';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';
import { CreatedAtColumn, TimeColumn } from './columns.js';

/** What can be revoked. `role`: the role in the subject's tokens is out of date. */
export type RevocationKind = 'session' | 'subject' | 'key' | 'role';

/** The columns of the table `revocations` of both schemas; `migrations/revocations.ts` describes them. */
@Index('revocations_changed_by_idx', ['changedBy'])
@Index('revocations_expires_at_idx', ['expiresAt'])
export abstract class RevocationColumns {
  @PrimaryColumn('text', { collation: 'C' })
  issuer: IssuerId;

  @PrimaryColumn('text', { collation: 'C' })
  kind: RevocationKind;

  /** A session's id, a subject, or a key's id, as in the token. */
  @PrimaryColumn('text', { collation: 'C' })
  id: string;

  /** Null: all tokens are revoked. */
  @TimeColumn({ nullable: true })
  issuedBefore: Date | null;

  @CreatedAtColumn()
  createdAt: Date;

  /** When the last token that it concerns has expired. Null: never. */
  @TimeColumn({ nullable: true })
  expiresAt: Date | null;

  @Column('boolean', { default: false })
  removed: boolean;

  @Column('bigint')
  changedBy: string;

  @Column('uuid')
  mark: string;
}
