import { ApiProperty } from '@nestjs/swagger';
import { IdField, IdListField, RoleNameField, TextField } from '#libs/http/input/fields.js';
import { SearchableListQuery, SortField } from '#libs/http/input/list-query.js';
import type { RoleWithPermissions } from '../authority/role-hierarchy.js';

const DESCRIPTION = { optional: true, nullable: true, max: 1_000, example: 'Helps customers.' } as const;

export class CreateRole {
  @RoleNameField()
  name: string;

  @TextField(DESCRIPTION)
  description?: string | null;

  @IdField({ optional: true, nullable: true, description: 'The role that this one inherits from.' })
  parent_id?: string | null;
}

/** What is left out stays; an empty object changes nothing. */
export class UpdateRole {
  @RoleNameField({ optional: true })
  name?: string;

  @TextField(DESCRIPTION)
  description?: string | null;

  @IdField({ optional: true, nullable: true, description: 'The role that this one inherits from.' })
  parent_id?: string | null;
}

export class GrantPermissions {
  @IdListField({ description: 'All of them, or none where one of them cannot be granted.' })
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

  @ApiProperty({ description: 'Its description alone may change.', example: false })
  system: boolean;

  @ApiProperty({ type: [OwnPermissionReply], description: 'Its own, by name.' })
  permissions: OwnPermissionReply[];

  @ApiProperty({
    type: [String],
    description: 'Own and inherited, sorted; exactly `["*"]` where that is held.',
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
