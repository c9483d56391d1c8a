import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { SETTINGS } from '../settings.js';
import { RightsService } from './rights.service.js';

/** Warns at start if `KEYCLOAK_ROLE_MAP` names roles that do not exist and so grant nothing. */
@Injectable()
export class RoleMapWarning implements OnApplicationBootstrap {
  private readonly logger = new Logger(RoleMapWarning.name);

  constructor(
    @Inject(SETTINGS) private readonly settings: IdentityProviderSettings,
    private readonly rights: RightsService,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const mapped = [...new Set(this.settings.keycloak?.roleMap.values() ?? [])];
    if (mapped.length === 0) return;
    const known = new Set((await this.rights.findCurrentByRoleNames(mapped)).map(({ name }) => name));
    const roles = mapped.filter((name) => !known.has(name));
    if (roles.length > 0) this.logger.warn({ msg: 'KEYCLOAK_ROLE_MAP names unknown roles', roles });
  }
}
