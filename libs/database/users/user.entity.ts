import { Check, Column, Entity, Index, OneToMany, PrimaryColumn, type Relation } from 'typeorm';
import { CreatedAtColumn, RowVersionColumn, UpdatedAtColumn } from '../columns.js';
import type { Identity } from './identity.entity.js';

/** `deleted`: a tombstone, its personal fields erased, which keeps the identity from being provisioned again. */
export type UserStatus = 'active' | 'suspended' | 'deleted';

/** A person's application fields. What the issuer owns is in `identities`. */
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

  /** json and not jsonb: it comes back exactly as it was sent, key order included. */
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
