import { ApiProperty } from '@nestjs/swagger';
import type { Permission } from '#libs/database/identity/permission.entity.js';
import { PermissionNameField, TextField } from '#libs/http/input/fields.js';
import { SearchableListQuery, SortField } from '#libs/http/input/list-query.js';

const DESCRIPTION = { optional: true, nullable: true, max: 1_000, example: 'Read invoices.' } as const;

export class CreatePermission {
  @PermissionNameField()
  name: string;

  @TextField(DESCRIPTION)
  description?: string | null;
}

/** Omitted fields keep their values; an empty object changes nothing. */
export class UpdatePermission {
  @PermissionNameField({ optional: true })
  name?: string;

  @TextField(DESCRIPTION)
  description?: string | null;
}

export class PermissionListQuery extends SearchableListQuery {
  @SortField(['name', 'created_at'])
  sort?: string;
}

export class PermissionReply {
  @ApiProperty({ format: 'uuid', example: '018f5c3e-7a10-7cc3-9a54-0c8a8d4f0003' })
  id: string;

  @ApiProperty({ example: 'invoices:read' })
  name: string;

  @ApiProperty({ type: String, nullable: true, example: 'Read invoices.' })
  description: string | null;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T12:00:00.000Z' })
  created_at: string;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T12:00:00.000Z' })
  updated_at: string;
}

export const mapPermission = (permission: Permission): PermissionReply => ({
  id: permission.id,
  name: permission.name,
  description: permission.description,
  created_at: permission.createdAt.toISOString(),
  updated_at: permission.updatedAt.toISOString(),
});
