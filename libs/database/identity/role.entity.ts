import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { CreatedAtColumn, KeyColumn, RowVersionColumn, UpdatedAtColumn } from '../shared-entities/columns.js';

/** The table also has the index `roles_name_key`, unique on `lower(name)`. */
@Entity('roles')
@Index('roles_name_idx', ['name'])
@Index('roles_created_at_id_idx', ['createdAt', 'id'])
@Index('roles_parent_id_name_idx', ['parentId', 'name'])
@Index('roles_parent_id_created_at_id_idx', ['parentId', 'createdAt', 'id'])
export class Role {
  @PrimaryColumn('uuid')
  id: string;

  @KeyColumn()
  name: string;

  @Column('text', { nullable: true })
  description: string | null;

  @Column('uuid', { nullable: true })
  parentId: string | null;

  @ManyToOne(() => Role, { onDelete: 'RESTRICT' })
  @JoinColumn()
  parent?: Relation<Role> | null;

  /** System roles: only the description can be changed. */
  @Column('boolean', { default: false })
  system: boolean;

  /** A change of the effective permissions raises it, also in all descendants. */
  @RowVersionColumn()
  version: number;

  @CreatedAtColumn()
  createdAt: Date;

  @UpdatedAtColumn()
  updatedAt: Date;
}
