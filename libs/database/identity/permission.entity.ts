import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { CreatedAtColumn, KeyColumn, RowVersionColumn, UpdatedAtColumn } from '../shared-entities/columns.js';

/** The table also has the index `permissions_name_key`, unique on `lower(name)`. */
@Entity('permissions')
@Index('permissions_name_idx', ['name'])
@Index('permissions_created_at_id_idx', ['createdAt', 'id'])
export class Permission {
  @PrimaryColumn('uuid')
  id: string;

  /** `resource:action`, or `*`. */
  @KeyColumn()
  name: string;

  @Column('text', { nullable: true })
  description: string | null;

  /** Part of the catalogue: it cannot be renamed or deleted. */
  @Column('boolean', { default: false })
  seeded: boolean;

  @RowVersionColumn()
  version: number;

  @CreatedAtColumn()
  createdAt: Date;

  @UpdatedAtColumn()
  updatedAt: Date;
}
