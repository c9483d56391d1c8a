import { type DynamicModule, Module } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { AuditModule } from '#libs/audit/audit.module.js';
import { AuthModule } from '#libs/auth/auth.module.js';
import { BackgroundModule } from '#libs/background/background.module.js';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { poolShare } from '#libs/database/connections/pool.js';
import { translateDatabaseError } from '#libs/database/errors/error-translation.js';
import { IdentityDatabaseModule } from '#libs/database/identity/identity-database.module.js';
import { replicaOf } from '#libs/database/replicas/replica-reads.js';
import type { Drain } from '#libs/http/application/drain.js';
import { HttpModule } from '#libs/http/application/http.module.js';
import { keycloakIssuer } from '#libs/verify/src/issuers/keycloak-issuer.js';
import { AccountsModule } from './accounts/accounts.module.js';
import { CurrentCallerResolver } from './auth/caller.resolver.js';
import { LoginModule } from './auth/login.module.js';
import { AuthorityModule } from './authority/authority.module.js';
import { RoleMapWarning } from './authority/role-map-warning.js';
import { AuthorityFeedModule } from './authority-feed/authority-feed.module.js';
import { BackchannelLogoutController } from './backchannel-logout/backchannel-logout.controller.js';
import { BackchannelLogoutService } from './backchannel-logout/backchannel-logout.service.js';
import { EndedTokensModule } from './backchannel-logout/ended-tokens.module.js';
import { translateConstraint } from './constraint-errors.js';
import { ExpiredRowsService } from './expired-rows/expired-rows.service.js';
import { FactorRoutesModule } from './factors/factor-routes.module.js';
import { HealthController } from './health/health.controller.js';
import { MailModule } from './mail/mail.module.js';
import { ClientsModule } from './oauth/clients/clients.module.js';
import { OauthModule } from './oauth/oauth.module.js';
import { PermissionsModule } from './permissions/permissions.module.js';
import { RightsModule } from './rights/rights.module.js';
import { RolesModule } from './roles/roles.module.js';
import { SelfServiceModule } from './self-service/self-service.module.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { SettingsModule } from './settings.module.js';
import { WellKnownController } from './tokens/jwks.controller.js';
import { NativeKeysService } from './tokens/native-keys.service.js';
import { ownIssuer } from './tokens/own-issuer.js';
import { TokensModule } from './tokens/tokens.module.js';

/** The modules with routes under `/api/v1`. */
const API = [
  LoginModule,
  FactorRoutesModule,
  SessionsModule,
  TokensModule,
  AccountsModule,
  RolesModule,
  PermissionsModule,
  RightsModule,
  AuthorityFeedModule,
  ClientsModule,
  SelfServiceModule,
];

@Module({})
export class IdentityProviderModule {
  static forRoot(settings: IdentityProviderSettings, drain: Drain): DynamicModule {
    const { databaseUrl, keycloak } = settings;
    return {
      module: IdentityProviderModule,
      imports: [
        SettingsModule.forRoot(settings, drain),
        BackgroundModule.forRoot('identity-provider'),
        IdentityDatabaseModule.forRoot(
          databaseUrl,
          {
            pooled: settings.database.pooled,
            poolSize: poolShare(settings.workers),
          },
          replicaOf(settings.database),
        ),
        AuthModule.forRoot({
          imports: [SessionsModule, AuthorityModule, EndedTokensModule, TokensModule],
          issuers: {
            inject: [NativeKeysService],
            useFactory: (keys: NativeKeysService) => [
              ownIssuer(settings, keys),
              ...(keycloak ? [keycloakIssuer(keycloak)] : []),
            ],
          },
          resolver: CurrentCallerResolver,
          serviceToken: settings.authorityFeedToken,
        }),
        HttpModule.forRoot({ translators: [translateConstraint, translateDatabaseError] }),
        AuthorityModule,
        MailModule,
        OauthModule,
        ...API,
        AuditModule.forRoot(settings.auditRetentionDays),
        RouterModule.register([{ path: 'api/v1', children: [...API, AuditModule] }]),
      ],
      // Here, where `TrustedIssuers` is available.
      controllers: [WellKnownController, HealthController, BackchannelLogoutController],
      providers: [RoleMapWarning, BackchannelLogoutService, ExpiredRowsService],
    };
  }
}
