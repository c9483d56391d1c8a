import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ALL_PERMISSIONS, hasPermission } from '#libs/auth/has-permission.js';
import type { Principal } from '#libs/auth/principal.js';
import { mapRealmRoles } from '#libs/auth/role-map.js';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { exceeds } from '../authority/authority.service.js';
import { RightsService } from '../authority/rights.service.js';
import { lineageOf } from '../authority/role-hierarchy.js';
import { SETTINGS } from '../settings.js';
import type { RightsComparisonReply, RightsQuestion } from './rights.dto.js';

/** Disabled accounts too: they may be enabled again. */
const RIGHTS_OF_ACCOUNTS = `${lineageOf('accounts')}
  SELECT a.id, array_remove(array_agg(p.name), NULL) AS permissions
  FROM identity.accounts a
  JOIN lineage l ON l.role_id = a.role_id
  LEFT JOIN identity.role_permissions rp ON rp.role_id = l.ancestor_id
  LEFT JOIN identity.permissions p ON p.id = rp.permission_id
  WHERE a.id = ANY($1)
  GROUP BY a.id`;

/** Compares what others may do now with what the caller may do now. */
@Injectable()
export class ComparisonService {
  constructor(
    private readonly database: DataSource,
    private readonly rights: RightsService,
    @Inject(SETTINGS) private readonly settings: IdentityProviderSettings,
  ) {}

  /** Accounts and roles that do not exist may do nothing. */
  async compare(
    { permissions: own }: Principal,
    { account_ids = [], realm_roles = [] }: RightsQuestion,
  ): Promise<RightsComparisonReply> {
    const accounts = await this.ofAccounts(account_ids);
    const realmRoles = await this.ofRealmRoles(realm_roles);
    const verdict = (permissions: readonly string[] = []) => ({
      exceeds: exceeds(permissions, own),
      everything: hasPermission(permissions, ALL_PERMISSIONS),
    });
    return {
      accounts: account_ids.map((id) => ({ id, ...verdict(accounts.get(id.toLowerCase())) })),
      realm_roles: realm_roles.map((name) => ({ name, ...verdict(realmRoles.get(name)) })),
    };
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
    const known = await this.rights.ofRoleNamesNow(mapRealmRoles(names, roleMap));
    const permissions = new Map(known.map((role) => [role.name, role.permissions]));
    return new Map(names.map((name) => [name, permissions.get(roleMap.get(name) ?? '') ?? []]));
  }
}
