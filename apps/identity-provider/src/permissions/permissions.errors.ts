import { conflict } from '#libs/http/replies/api-error.js';

export const nameTaken = () =>
  conflict('name_taken', 'There is a permission of this name, in this or another case.', 'name');

export const seededPermission = (field?: string) =>
  conflict(
    'seeded_permission',
    'A permission that Twinkey itself asks for is neither renamed nor deleted.',
    field,
  );

export const permissionInUse = () =>
  conflict('permission_in_use', 'Roles hold this permission: take it from them first.');
