import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AUTHORITY_STATE } from '#libs/database/identity/authority.entity.js';
import { preparedQuery } from '#libs/database/prepared-query.js';
import { VersionedCache } from './versioned-cache.js';
import { normalizePermissions, lineageOf } from './role-hierarchy.js';

/** What a role lets its holders do. */
export interface RoleRights {
  id: string;
  name: string;
  /** Own and inherited, sorted; exactly `['*']` where that is held. */
  permissions: readonly string[];
}

interface RightsRow {
  version: string;
  id: string | null;
  name: string | null;
  permissions: string[] | null;
}

/** One row at least, so that the version is known where the role is not. */
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
 * What roles let their holders do, now. Asked at every request: remembered for each role, and held to be true as
 * long as the authority's version, which the request reads anyway, is the one that it was read with.
 */
@Injectable()
export class RightsService {
  private readonly remembered = new VersionedCache<RoleRights | null>();

  constructor(private readonly database: DataSource) {}

  /**
   * @param authorityVersion as this request has just read it
   * @returns null where there is no such role
   */
  ofRole(id: string, authorityVersion: string): Promise<RoleRights | null> {
    return this.remembered.get(`id ${id}`, authorityVersion, () => this.load('id', id));
  }

  /** Roles by their exact names; a name that no role has gives nothing. */
  async ofRoleNames(names: readonly string[], authorityVersion: string): Promise<RoleRights[]> {
    const rights = await Promise.all(
      [...new Set(names)].map((name) =>
        this.remembered.get(`name ${name}`, authorityVersion, () => this.load('name', name)),
      ),
    );
    return rights.filter((found) => found !== null);
  }

  /** As `ofRoleNames`, for a caller of whom no query has read the authority's version yet. */
  async ofRoleNamesNow(names: readonly string[]): Promise<RoleRights[]> {
    if (names.length === 0) return [];
    const [authority] = await preparedQuery<{ version: string }>(this.database, {
      name: 'authority-version',
      text: `SELECT ${AUTHORITY_STATE} AS version FROM identity.authority`,
      values: [],
    });
    return this.ofRoleNames(names, authority?.version ?? '0');
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
      value: id === null || name === null ? null : { id, name, permissions: normalizePermissions(permissions ?? []) },
    };
  }
}
