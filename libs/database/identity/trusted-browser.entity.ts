import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { CreatedAtColumn, TimeColumn } from '../shared-entities/columns.js';
import { Account } from './account.entity.js';

/** A browser that needs no second factor for an account. */
@Entity('trusted_browsers')
@Index('trusted_browsers_account_id_idx', ['accountId'])
@Index('trusted_browsers_expires_at_idx', ['expiresAt'])
export class TrustedBrowser {
  /** SHA-256 of the cookie's value, which has 256 random bits. */
  @PrimaryColumn('bytea')
  digest: Buffer;

  @Column('uuid')
  accountId: string;

  @ManyToOne(() => Account, { onDelete: 'CASCADE' })
  @JoinColumn()
  account?: Relation<Account>;

  @CreatedAtColumn()
  createdAt: Date;

  @TimeColumn()
  expiresAt: Date;
}
