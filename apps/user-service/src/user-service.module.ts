import { type DynamicModule, Module } from '@nestjs/common';
import { AuditModule } from '#libs/audit/audit.module.js';
import { AuthModule } from '#libs/auth/auth.module.js';
import { BackgroundModule } from '#libs/background/background.module.js';
import type { UserServiceSettings } from '#libs/config/settings.js';
import { poolShare } from '#libs/database/connections/pool.js';
import { translateDatabaseError } from '#libs/database/errors/error-translation.js';
import { replicaOf } from '#libs/database/replicas/replica-reads.js';
import { UsersDatabaseModule } from '#libs/database/users/users-database.module.js';
import type { Drain } from '#libs/http/application/drain.js';
import { HttpModule } from '#libs/http/application/http.module.js';
import { DirectoryModule } from './directory/directory.module.js';
import { IssuerRegistry } from './directory/issuer-registry.js';
import { ExpiredRevocationsService } from './expired-revocations.service.js';
import { KeycloakRecheckModule } from './keycloak-recheck/keycloak-recheck.module.js';
import { RightsModule } from './rights/rights.module.js';
import { SettingsModule } from './settings.module.js';
import { ProfileCallerResolver } from './users/caller.resolver.js';
import { ProfilesModule } from './users/profiles.module.js';
import { UsersModule } from './users/users.module.js';

@Module({})
export class UserServiceModule {
  static forRoot(settings: UserServiceSettings, drain: Drain): DynamicModule {
    return {
      module: UserServiceModule,
      imports: [
        SettingsModule.forRoot(settings, drain),
        BackgroundModule.forRoot('user-service'),
        UsersDatabaseModule.forRoot(
          settings.databaseUrl,
          {
            pooled: settings.database.pooled,
            poolSize: poolShare(settings.workers),
          },
          replicaOf(settings.database),
        ),
        AuthModule.forRoot({
          imports: [DirectoryModule, ProfilesModule, RightsModule],
          issuers: {
            inject: [IssuerRegistry],
            useFactory: (issuers: IssuerRegistry) => issuers.all.map(({ tokens }) => tokens),
          },
          resolver: ProfileCallerResolver,
        }),
        HttpModule.forRoot({ translators: [translateDatabaseError] }),
        UsersModule,
        KeycloakRecheckModule,
        AuditModule.forRoot(settings.auditRetentionDays),
      ],
      providers: [ExpiredRevocationsService],
    };
  }
}
