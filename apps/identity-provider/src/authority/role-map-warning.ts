import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { SETTINGS } from '../settings.js';
import { RightsService } from './rights.service.js';

/** Tells the operator at start of a `KEYCLOAK_ROLE_MAP` that names roles which there are not: they grant nothing. */
@Injectable()
export class RoleMapWarning implements OnApplicationBootstrap {
  private readonly logger = new Logger(RoleMapWarning.name);

  constructor(
    @Inject(SETTINGS) private readonly settings: IdentityProviderSettings,
    private readonly rights: RightsService,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const named = [...new Set(this.settings.keycloak?.roleMap.values() ?? [])];
    if (named.length === 0) return;
    const known = new Set((await this.rights.ofRoleNamesNow(named)).map(({ name }) => name));
    const roles = named.filter((name) => !known.has(name));
    if (roles.length > 0) this.logger.warn({ msg: 'KEYCLOAK_ROLE_MAP names unknown roles', roles });
  }
}
