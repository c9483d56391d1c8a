import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import {
  CreatedAtColumn,
  KeyColumn,
  RowVersionColumn,
  TimeColumn,
  UpdatedAtColumn,
} from '../shared-entities/columns.js';
import { Role } from './role.entity.js';

export type OauthClientType = 'public' | 'confidential';
export type OauthClientStatus = 'active' | 'disabled';

/** The table also has the index `oauth_clients_client_id_key`, unique on `lower(client_id)`. */
@Entity('oauth_clients')
@Check('oauth_clients_type_check', `type IN ('public', 'confidential')`)
@Check('oauth_clients_status_check', `status IN ('active', 'disabled')`)
@Index('oauth_clients_client_id_idx', ['clientId'])
@Index('oauth_clients_created_at_id_idx', ['createdAt', 'id'])
@Index('oauth_clients_role_id_idx', ['roleId'])
export class OauthClient {
  @PrimaryColumn('uuid')
  id: string;

  /** The name of the client in the protocol, compared exactly. */
  @KeyColumn()
  clientId: string;

  @Column('text')
  name: string;

  @Column('text')
  type: OauthClientType;

  @Column({ type: 'text', array: true })
  grantTypes: string[];

  @Column({ type: 'text', array: true, default: '{}' })
  redirectUris: string[];

  @Column({ type: 'text', array: true, default: '{}' })
  postLogoutRedirectUris: string[];

  @Column('text', { nullable: true })
  backchannelLogoutUri: string | null;

  /** Its users see no consent page. */
  @Column('boolean', { default: false })
  firstParty: boolean;

  /** What the client may do with its own token (client credentials). */
  @Column('uuid', { nullable: true })
  roleId: string | null;

  @ManyToOne(() => Role, { onDelete: 'RESTRICT' })
  @JoinColumn()
  role?: Relation<Role> | null;

  @Column('text', { default: 'active' })
  status: OauthClientStatus;

  /** SHA-256 of the secret, which has 256 random bits. Never selected unless asked for. */
  @Column('bytea', { nullable: true, select: false })
  secretHash?: Buffer | null;

  /** Is accepted until `previousSecretExpiresAt`. */
  @Column('bytea', { nullable: true, select: false })
  previousSecretHash?: Buffer | null;

  @TimeColumn({ nullable: true, select: false })
  previousSecretExpiresAt?: Date | null;

  @RowVersionColumn()
  version: number;

  @CreatedAtColumn()
  createdAt: Date;

  @UpdatedAtColumn()
  updatedAt: Date;
}
