import { Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from '../shared-entities/columns.js';

/**
 * A lifetime of access tokens. After a change of the setting, tokens with the old lifetime still exist until `usedAt` plus
 * that lifetime.
 */
@Entity('token_lifetimes')
export class TokenLifetime {
  @PrimaryColumn('integer')
  seconds: number;

  /** When a process last issued tokens that live so long. */
  @TimeColumn()
  usedAt: Date;
}
