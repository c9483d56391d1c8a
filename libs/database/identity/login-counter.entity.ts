import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { TimeColumn } from '../shared-entities/columns.js';

/** Failed logins of an email, an address, or a pair of both, on all replicas. identity-provider has the rules. */
@Entity('login_throttles')
@Index('login_throttles_expires_at_idx', ['expiresAt'])
export class LoginCounter {
  /** A SHA-256, so that neither emails nor addresses are stored. */
  @PrimaryColumn('bytea')
  key: Buffer;

  /** Each write raises it. A write that is based on an older state is refused. */
  @Column('integer')
  revision: number;

  // No precision, since TypeORM does not read an array's precision and would report a difference.
  @Column({ type: 'timestamptz', array: true, default: '{}' })
  failures: Date[];

  @Column({ type: 'timestamptz', array: true, default: '{}' })
  pending: Date[];

  @Column('smallint', { default: 0 })
  strikes: number;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  blockedUntil: Date | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  knownUntil: Date | null;

  @TimeColumn()
  expiresAt: Date;
}
