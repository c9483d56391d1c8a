import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { CreatedAtColumn } from '../shared-entities/columns.js';
import { Account } from './account.entity.js';
import { OauthClient } from './oauth-client.entity.js';

/** The scopes that a user allowed a client which is not first-party. */
@Entity('oauth_consents')
@Index('oauth_consents_client_id_idx', ['clientId'])
export class OauthConsent {
  @PrimaryColumn('uuid')
  accountId: string;

  @PrimaryColumn('uuid')
  clientId: string;

  @ManyToOne(() => Account, { onDelete: 'CASCADE' })
  @JoinColumn()
  account?: Relation<Account>;

  @ManyToOne(() => OauthClient, { onDelete: 'CASCADE' })
  @JoinColumn()
  client?: Relation<OauthClient>;

  @Column({ type: 'text', array: true })
  scopes: string[];

  @CreatedAtColumn()
  createdAt: Date;
}
