import { Column, PrimaryColumn } from 'typeorm';
import { TimeColumn } from './columns.js';

/** One row in each schema that has `revocations`. */
export abstract class AuthorityFeedColumns {
  @PrimaryColumn('boolean', { default: true })
  id: true;

  /** Random: the cursors of another database have another origin. */
  @Column('uuid')
  origin: string;

  /** What ended before this time is not recorded. */
  @TimeColumn()
  startedAt: Date;
}
