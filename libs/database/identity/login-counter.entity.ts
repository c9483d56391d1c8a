import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { TimeColumn } from '../columns.js';

/** Failed logins of one email, one address, or both together, on all replicas. The rules are identity-provider's. */
@Entity('login_throttles')
@Index('login_throttles_expires_at_idx', ['expiresAt'])
export class LoginCounter {
  /** SHA-256: neither emails nor addresses are stored. */
  @PrimaryColumn('bytea')
  key: Buffer;

  /** Of each write one more: one that rests on an older state is refused. */
  @Column('integer')
  revision: number;

  // timestamptz(3)[]: TypeORM does not read an array's precision back, and would find a difference.
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
