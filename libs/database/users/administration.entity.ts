import { Check, Entity, PrimaryColumn } from 'typeorm';

/**
 * One row. Every change of a person's status locks it first (`FOR UPDATE`): that orders all such changes on all
 * replicas, so that two administrators who suspend each other at once cannot both succeed.
 */
@Entity('administration')
@Check('administration_id_check', 'id')
export class Administration {
  @PrimaryColumn('boolean', { default: true })
  id: true;
}
