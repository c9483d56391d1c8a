import { conflict } from '#libs/http/replies/api-error.js';

export const permissionNameTaken = () =>
  conflict('name_taken', 'A permission with this name already exists (names are case-insensitive).', 'name');

export const seededPermission = (field?: string) =>
  conflict('seeded_permission', 'Twinkey requires this permission: it cannot be renamed or deleted.', field);

export const permissionInUse = () =>
  conflict('permission_in_use', 'Roles have this permission. Remove it from them first.');
