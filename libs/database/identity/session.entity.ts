import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { CreatedAtColumn, TimeColumn } from '../columns.js';
import { Account } from './account.entity.js';

/** One login. Its id is the token's `sid`. Without this row the token is not accepted. */
@Entity('sessions')
@Index('sessions_account_id_idx', ['accountId'])
@Index('sessions_expires_at_idx', ['expiresAt'])
export class Session {
  @PrimaryColumn('uuid')
  id: string;

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
