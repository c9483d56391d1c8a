import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from '../columns.js';

/** Who is changing a Keycloak user just now, on all replicas. */
@Entity('keycloak_leases')
export class KeycloakLease {
  @PrimaryColumn({ type: 'text', collation: 'C' })
  sub: string;

  @Column('uuid')
  holder: string;

  @TimeColumn()
  expiresAt: Date;
}
