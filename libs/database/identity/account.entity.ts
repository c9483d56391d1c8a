import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { CreatedAtColumn, KeyColumn, RowVersionColumn, UpdatedAtColumn } from '../shared-entities/columns.js';
import { Role } from './role.entity.js';

export type AccountStatus = 'active' | 'disabled';

/** Besides what stands here: the two expression indexes of `name-search.ts`. */
@Entity('accounts')
@Check('accounts_status_check', `status IN ('active', 'disabled')`)
@Index('accounts_email_key', ['emailKey'], { unique: true })
@Index('accounts_created_at_id_idx', ['createdAt', 'id'])
@Index('accounts_role_id_created_at_id_idx', ['roleId', 'createdAt', 'id'])
@Index('accounts_role_id_email_key_idx', ['roleId', 'emailKey'])
@Index('accounts_status_created_at_id_idx', ['status', 'createdAt', 'id'])
@Index('accounts_status_email_key_idx', ['status', 'emailKey'])
export class Account {
  @PrimaryColumn('uuid')
  id: string;

  /** As the person spelled it, trimmed. */
  @Column('text')
  email: string;

  /** What is compared, sorted and searched: `textKey(email)`. */
  @KeyColumn()
  emailKey: string;

  /** Somebody with access to the address has proved it, or an administrator vouches for it. */
  @Column('boolean', { default: true })
  emailVerified: boolean;

  /** Never selected unless asked for. Null: there is no password to sign in with. */
  @Column('text', { nullable: true, select: false })
  passwordHash?: string | null;

  @Column('text', { nullable: true })
  firstName: string | null;

  @Column('text', { nullable: true })
  lastName: string | null;

  @Column('text', { default: 'active' })
  status: AccountStatus;

  @Column('uuid')
  roleId: string;

  @ManyToOne(() => Role, { onDelete: 'RESTRICT' })
  @JoinColumn()
  role?: Relation<Role>;

  @RowVersionColumn()
  version: number;

  @CreatedAtColumn()
  createdAt: Date;

  @UpdatedAtColumn()
  updatedAt: Date;
}
