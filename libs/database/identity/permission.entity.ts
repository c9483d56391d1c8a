import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { CreatedAtColumn, KeyColumn, RowVersionColumn, UpdatedAtColumn } from '../columns.js';

/** Besides what stands here: `permissions_name_key`, unique on `lower(name)`. */
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

  /** Of the catalogue: neither renamed nor deleted. */
  @Column('boolean', { default: false })
  seeded: boolean;

  @RowVersionColumn()
  version: number;

  @CreatedAtColumn()
  createdAt: Date;

  @UpdatedAtColumn()
  updatedAt: Date;
}
