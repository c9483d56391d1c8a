import { Entity, Index, PrimaryColumn } from 'typeorm';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';
import { TimeColumn } from '../shared-entities/columns.js';

/** A logout token of Keycloak that was accepted: no replica accepts it again. */
@Entity('logout_tokens')
@Index('logout_tokens_expires_at_idx', ['expiresAt'])
export class UsedLogoutToken {
  @PrimaryColumn('text')
  issuer: IssuerId;

  /** The claim `jti`. */
  @PrimaryColumn({ type: 'text', collation: 'C' })
  id: string;

  @TimeColumn()
  expiresAt: Date;
}
