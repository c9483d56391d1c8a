import { Check, Column, Entity, Index, OneToMany, PrimaryColumn, type Relation } from 'typeorm';
import { CreatedAtColumn, RowVersionColumn, UpdatedAtColumn } from '../shared-entities/columns.js';
import type { Identity } from './identity.entity.js';

/** `deleted`: the personal fields are erased; the row prevents that the identity gets a new profile. */
export type UserStatus = 'active' | 'suspended' | 'deleted';

/** The application fields of a user. The issuer-owned fields are in `identities`. */
@Entity('users')
@Check('users_status_check', `status IN ('active', 'suspended', 'deleted')`)
@Index('users_created_at_id_idx', ['createdAt', 'id'], { where: `status <> 'deleted'` })
@Index('users_status_created_at_id_idx', ['status', 'createdAt', 'id'])
export class User {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text', { nullable: true })
  displayName: string | null;

  @Column('text', { nullable: true })
  profilePicture: string | null;

  @Column('text', { default: 'active' })
  status: UserStatus;

  /** json and not jsonb, which would not keep the order of the keys. */
  @Column('json', { default: {} })
  settings: Record<string, unknown>;

  @RowVersionColumn()
  version: number;

  @CreatedAtColumn()
  createdAt: Date;

  @UpdatedAtColumn()
  updatedAt: Date;

  // By name: a class would make the two files import each other.
  @OneToMany('Identity', (identity: Identity) => identity.user)
  identities?: Relation<Identity>[];
}
