import { Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { TimeColumn } from '../shared-entities/columns.js';
import { Factor } from './factor.entity.js';

/** One code of a factor of kind `recovery_codes`. */
@Entity('recovery_codes')
export class RecoveryCode {
  @PrimaryColumn('uuid')
  factorId: string;

  @ManyToOne(() => Factor, { onDelete: 'CASCADE' })
  @JoinColumn()
  factor?: Relation<Factor>;

  /** SHA-256 of the code, which has 80 random bits. */
  @PrimaryColumn('bytea')
  digest: Buffer;

  @TimeColumn({ nullable: true })
  usedAt: Date | null;
}
