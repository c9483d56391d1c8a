import { Entity, PrimaryColumn } from 'typeorm';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';
import { KeyColumn, TimeColumn } from '../shared-entities/columns.js';

/** When an issuer is asked next about recent people. The process that sets the next time does it. */
@Entity('directory_rechecks')
export class DirectoryRecheck {
  @PrimaryColumn('text')
  issuer: IssuerId;

  @TimeColumn()
  nextAt: Date;

  /** The last subject that was looked at; the next run continues after it. Empty: at the beginning. */
  @KeyColumn({ default: '' })
  position: string;
}
