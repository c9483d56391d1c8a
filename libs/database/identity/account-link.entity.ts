import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { CreatedAtColumn, KeyColumn, TimeColumn } from '../shared-entities/columns.js';
import { Account } from './account.entity.js';

export type LinkPurpose = 'verify_email' | 'change_email' | 'undo_email' | 'reset_password' | 'invitation';

/** A link that was mailed: who opens it and confirms has proved that they read the mail of an address. */
@Entity('account_links')
@Check(
  'account_links_purpose_check',
  `purpose IN ('verify_email', 'change_email', 'undo_email', 'reset_password', 'invitation')`,
)
@Index('account_links_account_id_purpose_idx', ['accountId', 'purpose'])
@Index('account_links_undo_email_key_idx', ['emailKey'], { where: `purpose = 'undo_email'` })
@Index('account_links_expires_at_idx', ['expiresAt'])
export class AccountLink {
  /** SHA-256 of the token, which has 256 random bits. */
  @PrimaryColumn('bytea')
  digest: Buffer;

  @Column('text')
  purpose: LinkPurpose;

  /** Null: nothing was mailed. The row makes a request about an unknown address cost the same. */
  @Column('uuid', { nullable: true })
  accountId: string | null;

  @ManyToOne(() => Account, { onDelete: 'CASCADE' })
  @JoinColumn()
  account?: Relation<Account>;

  /** The address that the link concerns: the one that is proved, or that an undo restores. */
  @Column('text')
  email: string;

  @KeyColumn()
  emailKey: string;

  /** The password and names of a registration for an account that exists, unverified: they apply with the proof. */
  @Column('text', { nullable: true, select: false })
  passwordHash?: string | null;

  @Column('text', { nullable: true })
  firstName: string | null;

  @Column('text', { nullable: true })
  lastName: string | null;

  @CreatedAtColumn()
  createdAt: Date;

  @TimeColumn()
  expiresAt: Date;

  @TimeColumn({ nullable: true })
  usedAt: Date | null;
}
