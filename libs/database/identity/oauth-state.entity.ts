import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { TimeColumn } from '../shared-entities/columns.js';
import { Session } from './session.entity.js';

/** What oidc-provider stores: codes, refresh tokens, grants, device codes, browsers' sign-ins, pages in progress. */
@Entity('oauth_state')
@Index('oauth_state_session_id_idx', ['sessionId'])
@Index('oauth_state_grant_id_idx', ['grantId'], { where: 'grant_id IS NOT NULL' })
@Index('oauth_state_uid_idx', ['uid'], { where: 'uid IS NOT NULL' })
@Index('oauth_state_user_code_idx', ['userCode'], { where: 'user_code IS NOT NULL' })
@Index('oauth_state_expires_at_idx', ['expiresAt'])
export class OauthState {
  /** The name of oidc-provider's model: `AuthorizationCode`, `Session`, … */
  @PrimaryColumn('text')
  type: string;

  /** The value, or its SHA-256 (base64url) where the value is a secret that only its holder needs. */
  @PrimaryColumn('text')
  id: string;

  @Column('jsonb')
  payload: object;

  /** Ending the session deletes the row. */
  @Column('uuid', { nullable: true })
  sessionId: string | null;

  @ManyToOne(() => Session, { onDelete: 'CASCADE' })
  @JoinColumn()
  session?: Relation<Session> | null;

  @Column('text', { nullable: true })
  grantId: string | null;

  @Column('text', { nullable: true })
  uid: string | null;

  @Column('text', { nullable: true })
  userCode: string | null;

  @TimeColumn({ nullable: true })
  consumedAt: Date | null;

  @TimeColumn()
  expiresAt: Date;
}
