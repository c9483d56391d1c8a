import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * One row. Whoever changes roles, permissions or who holds which locks it first (`FOR UPDATE`) and raises `version`:
 * that orders all such changes, and tells every replica whether the permissions that it remembers still hold.
 */
@Entity('authority')
@Check('authority_id_check', 'id')
export class Authority {
  @PrimaryColumn('boolean', { default: true })
  id: true;

  /** bigint, which pg gives as a string. */
  @Column('bigint')
  version: string;
}
