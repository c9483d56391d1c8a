import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { CreatedAtColumn, TimeColumn } from '../columns.js';
import { Account } from './account.entity.js';

/** One login. Its id is the token's `sid`. Without this row the token is not accepted. */
@Entity('sessions')
@Index('sessions_account_id_idx', ['accountId'])
@Index('sessions_expires_at_idx', ['expiresAt'])
@Index('sessions_client_id_idx', ['clientId'])
@Index('sessions_sign_in_id_client_id_idx', ['signInId', 'clientId'], {
  unique: true,
  where: 'sign_in_id IS NOT NULL',
})
export class Session {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid')
  accountId: string;

  @ManyToOne(() => Account, { onDelete: 'CASCADE' })
  @JoinColumn()
  account?: Relation<Account>;

  /** The OAuth client; null for a browser's sign-in at Twinkey's own pages. */
  @Column('text', { nullable: true })
  clientId: string | null;

  /** The browser's sign-in that an OAuth client's session came from. It ends with it. */
  @Column('uuid', { nullable: true })
  signInId: string | null;

  @ManyToOne(() => Session, { onDelete: 'CASCADE' })
  @JoinColumn()
  signIn?: Relation<Session> | null;

  @CreatedAtColumn()
  createdAt: Date;

  @TimeColumn()
  expiresAt: Date;
}
