import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';
import { lineageOf, normalizePermissions } from './role-hierarchy.js';
import { VersionedCache } from './versioned-cache.js';

/** SQL on `identity.authority`: a text that differs for each change. It has no order. */
export const AUTHORITY_STATE = `version || ' ' || epoch`;

/** The effective permissions of a role. */
export interface RoleRights {
  id: string;
  name: string;
  /** Own and inherited, sorted; exactly `['*']` if the role has it. */
  permissions: readonly string[];
}

interface RightsRow {
  version: string;
  id: string | null;
  name: string | null;
  permissions: string[] | null;
}

/** Returns at least one row, so that the version is known for an unknown role too. */
const rightsSql = (column: 'id' | 'name') => `${lineageOf(column)}
  SELECT a.version, held.* FROM (SELECT ${AUTHORITY_STATE} AS version FROM identity.authority) a LEFT JOIN (
    SELECT r.id, r.name, array_remove(array_agg(DISTINCT p.name), NULL) AS permissions
    FROM lineage l
    JOIN identity.roles r ON r.id = l.role_id
    LEFT JOIN identity.role_permissions rp ON rp.role_id = l.ancestor_id
    LEFT JOIN identity.permissions p ON p.id = rp.permission_id
    GROUP BY r.id, r.name
  ) held ON true`;

const STATEMENTS = {
  id: { name: 'rights-of-role', text: rightsSql('id') },
  name: { name: 'rights-of-role-name', text: rightsSql('name') },
};

/**
 * The current effective permissions of roles. Every request needs them, so they are cached per role for one version of
 * the authority. Requests read that version anyway.
 */
@Injectable()
export class RightsService {
  private readonly cache = new VersionedCache<RoleRights | null>();

  constructor(private readonly database: DataSource) {}

  /**
   * @param authorityVersion read by the same request
   * @returns null for an unknown role
   */
  findByRoleId(id: string, authorityVersion: string): Promise<RoleRights | null> {
    return this.cache.get(`id ${id}`, authorityVersion, () => this.load('id', id));
  }

  /** The rights of roles by exact name. Unknown names are left out. */
  async findByRoleNames(names: readonly string[], authorityVersion: string): Promise<RoleRights[]> {
    const rights = await Promise.all(
      [...new Set(names)].map((name) =>
        this.cache.get(`name ${name}`, authorityVersion, () => this.load('name', name)),
      ),
    );
    return rights.filter((found) => found !== null);
  }

  /** Like `findByRoleNames`, for requests that have not read the authority's version. */
  async findCurrentByRoleNames(names: readonly string[]): Promise<RoleRights[]> {
    if (names.length === 0) return [];
    const [authority] = await preparedQuery<{ version: string }>(this.database, {
      name: 'authority-version',
      text: `SELECT ${AUTHORITY_STATE} AS version FROM identity.authority`,
      values: [],
    });
    return this.findByRoleNames(names, authority?.version ?? '0');
  }

  private async load(column: 'id' | 'name', value: string) {
    const [row] = await preparedQuery<RightsRow>(this.database, { ...STATEMENTS[column], values: [[value]] });
    const { version, id, name, permissions } = row ?? {
      version: '0',
      id: null,
      name: null,
      permissions: null,
    };
    return {
      version,
      value:
        id === null || name === null
          ? null
          : { id, name, permissions: normalizePermissions(permissions ?? []) },
    };
  }
}
