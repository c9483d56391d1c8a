import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { SETTINGS } from '../settings.js';
import { RightsService } from './rights.service.js';

/** Warns at start of roles in the settings that do not exist: they grant nothing, and require nothing. */
@Injectable()
export class RoleMapWarning implements OnApplicationBootstrap {
  private readonly logger = new Logger(RoleMapWarning.name);

  constructor(
    @Inject(SETTINGS) private readonly settings: IdentityProviderSettings,
    private readonly rights: RightsService,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { keycloak, secondFactor } = this.settings;
    await this.check('KEYCLOAK_ROLE_MAP', [...(keycloak?.roleMap.values() ?? [])]);
    await this.check('SECOND_FACTOR_REQUIRED', secondFactor.requiredRoles);
  }

  private async check(variable: string, names: readonly string[]): Promise<void> {
    const wanted = [...new Set(names)];
    if (wanted.length === 0) return;
    const known = new Set((await this.rights.findCurrentByRoleNames(wanted)).map(({ name }) => name));
    const roles = wanted.filter((name) => !known.has(name));
    if (roles.length > 0) this.logger.warn({ msg: `${variable} names unknown roles`, roles });
  }
}
