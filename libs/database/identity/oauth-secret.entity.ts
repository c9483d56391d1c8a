import { Column, Entity, PrimaryColumn } from 'typeorm';
import { CreatedAtColumn } from '../shared-entities/columns.js';

/** Random secrets that all replicas share. The first replica that needs one makes it. */
@Entity('oauth_secrets')
export class OauthSecret {
  @PrimaryColumn('text')
  name: string;

  /** 256 random bits, base64url. */
  @Column('text')
  value: string;

  @CreatedAtColumn()
  createdAt: Date;
}
