import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { CreatedAtColumn, TimeColumn } from '../shared-entities/columns.js';
import { Account } from './account.entity.js';

/**
 * One sign-in. Its id is the token's `sid`: without this row the token is not accepted. `expiresAt` is the end of the
 * session, not of its access token. `docs/sessions.md` explains the refresh token.
 */
@Entity('sessions')
@Index('sessions_account_id_created_at_id_idx', ['accountId', 'createdAt', 'id'])
@Index('sessions_expires_at_idx', ['expiresAt'])
@Index('sessions_refresh_family_key', ['refreshFamily'], {
  unique: true,
  where: '(refresh_family IS NOT NULL)',
})
@Index('sessions_client_id_idx', ['clientId'])
@Index('sessions_sign_in_id_client_id_idx', ['signInId', 'clientId'], {
  unique: true,
  where: '(sign_in_id IS NOT NULL)',
})
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

  /** The OAuth client that signed in; null for Twinkey itself. */
  @Column('text', { nullable: true })
  clientId: string | null;

  /** The browser's sign-in that an OAuth client's session came from. It ends with it. */
  @Column('uuid', { nullable: true })
  signInId: string | null;

  @ManyToOne(() => Session, { onDelete: 'CASCADE' })
  @JoinColumn()
  signIn?: Relation<Session> | null;

  /** How the user signed in: `AuthenticationMethods`. */
  @Column({ type: 'text', array: true, default: '{pwd}' })
  amr: string[];

  /** When the user signed in, if that was not when the session began. */
  @TimeColumn({ nullable: true })
  authenticatedAt: Date | null;

  /** At most a minute older than the last request; null if there was none since the sign-in. */
  @TimeColumn({ nullable: true })
  lastUsedAt: Date | null;

  /** The client's normalized address at the sign-in. */
  @Column('text', { nullable: true })
  address: string | null;

  /** The client's `User-Agent` at the sign-in. */
  @Column('varchar', { length: 512, nullable: true })
  userAgent: string | null;

  /** SHA-256 of the part that all refresh tokens of this session share. The refresh columns are null without one. */
  @Column('bytea', { nullable: true, select: false })
  refreshFamily?: Buffer | null;

  /** The random key of this session's refresh tokens. Without one of the tokens it does not give any other. */
  @Column('bytea', { nullable: true, select: false })
  refreshSecret?: Buffer | null;

  /** SHA-256 of the current refresh token. */
  @Column('bytea', { nullable: true, select: false })
  refreshDigest?: Buffer | null;

  /** SHA-256 of the refresh token before the current one. */
  @Column('bytea', { nullable: true, select: false })
  previousRefreshDigest?: Buffer | null;

  @TimeColumn({ nullable: true, select: false })
  refreshedAt?: Date | null;
}
