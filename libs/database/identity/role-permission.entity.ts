import { Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Permission } from './permission.entity.js';
import { Role } from './role.entity.js';

@Entity('role_permissions')
@Index('role_permissions_permission_id_idx', ['permissionId'])
export class RolePermission {
  @PrimaryColumn('uuid')
  roleId: string;

  @PrimaryColumn('uuid')
  permissionId: string;

  @ManyToOne(() => Role, { onDelete: 'CASCADE' })
  @JoinColumn()
  role?: Relation<Role>;

  @ManyToOne(() => Permission, { onDelete: 'RESTRICT' })
  @JoinColumn()
  permission?: Relation<Permission>;
}
