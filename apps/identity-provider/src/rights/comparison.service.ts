import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { mapRealmRoles } from '#libs/verify/src/issuers/role-map.js';
import { ALL_PERMISSIONS, hasPermission, type Principal } from '#libs/verify/src/principal.js';
import { exceeds } from '../authority/authority.service.js';
import { RightsService } from '../authority/rights.service.js';
import { lineageOf } from '../authority/role-hierarchy.js';
import { SETTINGS } from '../settings.js';

/** Includes disabled accounts, because they can be enabled again. */
const RIGHTS_OF_ACCOUNTS = `${lineageOf('accounts')}
  SELECT a.id, array_remove(array_agg(p.name), NULL) AS permissions
  FROM identity.accounts a
  JOIN lineage l ON l.role_id = a.role_id
  LEFT JOIN identity.role_permissions rp ON rp.role_id = l.ancestor_id
  LEFT JOIN identity.permissions p ON p.id = rp.permission_id
  WHERE a.id = ANY($1)
  GROUP BY a.id`;

/** The permissions of an account or a realm role, compared with the caller's. */
export interface Comparison {
  /** Whether they contain a permission that the caller does not have. */
  exceeds: boolean;
  everything: boolean;
}

/** Compares the current permissions of others with the caller's. */
@Injectable()
export class ComparisonService {
  constructor(
    private readonly database: DataSource,
    private readonly rights: RightsService,
    @Inject(SETTINGS) private readonly settings: IdentityProviderSettings,
  ) {}

  /** In the order of `ids`. Accounts that do not exist have no permissions. */
  async compareAccounts(
    { permissions: own }: Principal,
    ids: readonly string[],
  ): Promise<(Comparison & { id: string })[]> {
    const permissions = await this.ofAccounts(ids);
    return ids.map((id) => ({ id, ...compare(permissions.get(id.toLowerCase()), own) }));
  }

  /** In the order of `names`. Realm roles that are not mapped to an existing role have no permissions. */
  async compareRealmRoles(
    { permissions: own }: Principal,
    names: readonly string[],
  ): Promise<(Comparison & { name: string })[]> {
    const permissions = await this.ofRealmRoles(names);
    return names.map((name) => ({ name, ...compare(permissions.get(name), own) }));
  }

  private async ofAccounts(ids: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
    if (ids.length === 0) return new Map();
    const rows: { id: string; permissions: string[] }[] = await this.database.query(RIGHTS_OF_ACCOUNTS, [
      ids,
    ]);
    return new Map(rows.map(({ id, permissions }) => [id, permissions]));
  }

  private async ofRealmRoles(names: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
    const roleMap = this.settings.keycloak?.roleMap ?? new Map<string, string>();
    const known = await this.rights.findCurrentByRoleNames(mapRealmRoles(names, roleMap));
    const permissions = new Map(known.map((role) => [role.name, role.permissions]));
    return new Map(names.map((name) => [name, permissions.get(roleMap.get(name) ?? '') ?? []]));
  }
}

const compare = (permissions: readonly string[] = [], own: readonly string[]): Comparison => ({
  exceeds: exceeds(permissions, own),
  everything: hasPermission(permissions, ALL_PERMISSIONS),
});
