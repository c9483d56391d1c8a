import type { DataSource } from 'typeorm';
import { v7 } from 'uuid';
import type { CataloguePermission } from './permission-catalogue.js';

/**
 * Sees to it that every permission of the catalogue is there and is a seeded one. A permission that somebody made
 * under such a name, in whatever case, becomes the catalogue's; descriptions and all other permissions stay as they
 * are. Safe when several run at once.
 * @returns the names that were added or taken over, by this run
 */
export async function upsertPermissions(
  dataSource: DataSource,
  catalogue: readonly CataloguePermission[],
): Promise<string[]> {
  // One order for all, so that two runs never wait for each other in a circle.
  const sorted = [...catalogue].sort((a, b) => (a.name < b.name ? -1 : 1));
  return dataSource.transaction(async (manager) => {
    // Names decide who may do what: like every such change this one is made under the authority's lock.
    await manager.query('SELECT FROM identity.authority FOR UPDATE');
    const changed: { name: string }[] = await manager.query(
      `INSERT INTO identity.permissions AS present (id, name, description, seeded)
         SELECT id, name, description, true FROM unnest($1::uuid[], $2::text[], $3::text[]) AS t (id, name, description)
       ON CONFLICT (lower(name)) DO UPDATE
         SET name = excluded.name, seeded = true, version = present.version + 1, updated_at = now()
         WHERE NOT present.seeded OR present.name <> excluded.name
       RETURNING name`,
      [sorted.map(() => v7()), sorted.map(({ name }) => name), sorted.map(({ description }) => description)],
    );
    if (changed.length) await manager.query('UPDATE identity.authority SET version = version + 1');
    return changed.map(({ name }) => name);
  });
}
