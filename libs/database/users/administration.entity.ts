import { Check, Entity, PrimaryColumn } from 'typeorm';

/**
 * One row, which every change of a user's status locks first (`FOR UPDATE`). The lock orders these changes on all replicas,
 * so that two administrators who suspend each other at once cannot both succeed.
 */
@Entity('administration')
@Check('administration_id_check', 'id')
export class Administration {
  @PrimaryColumn('boolean', { default: true })
  id: true;
}
