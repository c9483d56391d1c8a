import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * One row. Every change of roles, permissions or who holds which locks it first (`FOR UPDATE`) and raises `version`:
 * that orders all such changes. Version and epoch together tell every replica whether the permissions that it remembers
 * still hold.
 */
@Entity('authority')
@Check('authority_id_check', 'id')
export class Authority {
  @PrimaryColumn('boolean', { default: true })
  id: true;

  /** A bigint, which pg returns as a string. */
  @Column('bigint')
  version: string;

  /** A trigger sets a random value with each write: after a restore the same version may belong to another change. */
  @Column('uuid')
  epoch: string;
}
