import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';
import { TimeColumn } from '../shared-entities/columns.js';

/** The process that is changing a user in an issuer's directory: see `directory-leases.ts` of user-service. */
@Entity('directory_leases')
export class DirectoryLease {
  @PrimaryColumn('text')
  issuer: IssuerId;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  sub: string;

  @Column('uuid')
  holder: string;

  @TimeColumn()
  expiresAt: Date;
}
