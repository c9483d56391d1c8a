import { Check, Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from '../columns.js';

/** One row. Sessions that ended before `startedAt` are not recorded in `revocations`. */
@Entity('authority_feed')
@Check('authority_feed_id_check', 'id')
export class AuthorityFeed {
  @PrimaryColumn('boolean', { default: true })
  id: true;

  @TimeColumn({ default: () => 'now()' })
  startedAt: Date;
}
