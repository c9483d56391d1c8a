import type { DataSource, EntityManager } from 'typeorm';
import { v7 } from 'uuid';
import type { CataloguePermission } from '#libs/core/permission-catalogue.js';

/** A permission that `upsertPermissions` has added, or made a part of the catalogue. */
export interface UpsertedPermission {
  id: string;
  name: string;
  isNew: boolean;
}

/**
 * Adds the missing permissions of the catalogue. An existing permission with such a name (names are case-insensitive)
 * becomes part of the catalogue; descriptions and all other permissions stay unchanged. Concurrent runs are safe.
 * @param record writes the changes to the audit log, in the same transaction
 * @returns the names that this run has added or changed
 */
export async function upsertPermissions(
  dataSource: DataSource,
  catalogue: readonly CataloguePermission[],
  record: (tx: EntityManager, changed: UpsertedPermission[]) => Promise<void> = async () => {},
): Promise<string[]> {
  // A fixed order, so that two runs do not deadlock.
  const sorted = [...catalogue].sort((a, b) => (a.name < b.name ? -1 : 1));
  return dataSource.transaction(async (manager) => {
    // Permission names change rights, so that this change needs the authority's lock, like all of them.
    await manager.query('SELECT FROM identity.authority FOR UPDATE');
    const changed: UpsertedPermission[] = await manager.query(
      `INSERT INTO identity.permissions AS present (id, name, description, seeded)
         SELECT id, name, description, true FROM unnest($1::uuid[], $2::text[], $3::text[]) AS t (id, name, description)
       ON CONFLICT (lower(name)) DO UPDATE
         SET name = excluded.name, seeded = true, version = present.version + 1, updated_at = now()
         WHERE NOT present.seeded OR present.name <> excluded.name
       RETURNING id, name, xmax = 0 AS "isNew"`,
      [sorted.map(() => v7()), sorted.map(({ name }) => name), sorted.map(({ description }) => description)],
    );
    if (changed.length) {
      await manager.query('UPDATE identity.authority SET version = version + 1');
      await record(manager, changed);
    }
    return changed.map(({ name }) => name);
  });
}
