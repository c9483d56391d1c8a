import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { CreatedAtColumn, TimeColumn } from '../shared-entities/columns.js';
import { Account } from './account.entity.js';

export type FactorKind = 'totp' | 'passkey' | 'recovery_codes';

/** A second factor of an account. It counts once it is confirmed. */
@Entity('factors')
@Check('factors_kind_check', `kind IN ('totp', 'passkey', 'recovery_codes')`)
@Index('factors_account_id_idx', ['accountId'])
export class Factor {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid')
  accountId: string;

  @ManyToOne(() => Account, { onDelete: 'CASCADE' })
  @JoinColumn()
  account?: Relation<Account>;

  @Column('text')
  kind: FactorKind;

  @Column('text')
  name: string;

  /** The encrypted secret of TOTP (`FactorSecrets`). Never selected unless asked for. */
  @Column('bytea', { nullable: true, select: false })
  secret?: Buffer | null;

  /** The last time step of TOTP whose code was used: codes of it and of earlier ones are refused. */
  @Column('bigint', { nullable: true, select: false })
  lastStep?: string | null;

  @CreatedAtColumn()
  createdAt: Date;

  @TimeColumn({ nullable: true })
  confirmedAt: Date | null;

  @TimeColumn({ nullable: true })
  lastUsedAt: Date | null;
}
