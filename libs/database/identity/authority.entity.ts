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

  /** bigint, which pg gives as a string. */
  @Column('bigint')
  version: string;

  /** Random and new with each write, by a trigger: after a restore the same version may come from another change. */
  @Column('uuid')
  epoch: string;
}

/** SQL over `identity.authority`: text that is equal for one and the same change alone. It has no order. */
export const AUTHORITY_STATE = `version || ' ' || epoch`;
