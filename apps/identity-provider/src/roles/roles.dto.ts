import { ApiProperty } from '@nestjs/swagger';
import { IdField, IdListField, RoleNameField, TextField } from '#libs/http/input/fields.js';
import { SearchableListQuery, SortField } from '#libs/http/input/list-query.js';
import { Reply } from '#libs/http/replies/replies.js';
import type { RoleWithPermissions } from './role-rows.js';

const DESCRIPTION = { optional: true, nullable: true, max: 1_000, example: 'Helps customers.' } as const;

export class CreateRole {
  @RoleNameField()
  name: string;

  @TextField(DESCRIPTION)
  description?: string | null;

  @IdField({ optional: true, nullable: true, description: 'The role that this one inherits from.' })
  parent_id?: string | null;
}

/** Omitted fields keep their values; an empty object changes nothing. */
export class UpdateRole {
  @RoleNameField({ optional: true })
  name?: string;

  @TextField(DESCRIPTION)
  description?: string | null;

  @IdField({ optional: true, nullable: true, description: 'The role that this one inherits from.' })
  parent_id?: string | null;
}

export class GrantPermissions {
  @IdListField({ description: 'Either all are granted or none.' })
  permission_ids: string[];
}

export class RoleListQuery extends SearchableListQuery {
  @SortField(['name', 'created_at'])
  sort?: string;

  @IdField({ optional: true })
  parent_id?: string;
}

export class OwnPermissionReply {
  @ApiProperty({ format: 'uuid', example: '018f5c3e-7a10-7cc3-9a54-0c8a8d4f0003' })
  id: string;

  @ApiProperty({ example: 'accounts:read' })
  name: string;
}

export class RoleReply {
  @ApiProperty({ format: 'uuid', example: '018f5c3e-7a10-7cc3-9a54-0c8a8d4f0002' })
  id: string;

  @ApiProperty({ example: 'support' })
  name: string;

  @ApiProperty({ type: String, nullable: true, example: 'Helps customers.' })
  description: string | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, example: null })
  parent_id: string | null;

  @ApiProperty({ description: 'Only the description of a system role can be changed.', example: false })
  system: boolean;

  @ApiProperty({ type: [OwnPermissionReply], description: 'Own permissions, sorted by name.' })
  permissions: OwnPermissionReply[];

  @ApiProperty({
    type: [String],
    description: 'Own and inherited, sorted; exactly `["*"]` if the role has it.',
    example: ['accounts:read'],
  })
  effective_permissions: readonly string[];

  @ApiProperty({ format: 'date-time', example: '2026-01-31T12:00:00.000Z' })
  created_at: string;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T12:00:00.000Z' })
  updated_at: string;
}

export const mapRole = ({ role, permissions, effectivePermissions }: RoleWithPermissions): RoleReply => ({
  id: role.id,
  name: role.name,
  description: role.description,
  parent_id: role.parentId,
  system: role.system,
  permissions,
  effective_permissions: effectivePermissions,
  created_at: role.createdAt.toISOString(),
  updated_at: role.updatedAt.toISOString(),
});

export const taggedRole = (role: RoleWithPermissions): Reply<RoleReply> =>
  Reply.tagged(mapRole(role), role.role.version);
