import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { UpdatedKeys } from '#libs/auth/updated-keys.js';
import type { KeyUpdates } from '#libs/config/key-updates.js';
import type { KeycloakServiceSettings, UserServiceSettings } from '#libs/config/settings.js';
import { keycloakIssuer } from '#libs/verify/src/issuers/keycloak-issuer.js';
import { nativeIssuer } from '#libs/verify/src/issuers/native-issuer.js';
import { IdentityProviderClient } from '../rights/identity-provider.client.js';
import { RightsClient } from '../rights/rights.client.js';
import { RightsModule } from '../rights/rights.module.js';
import { SETTINGS } from '../settings.js';
import { DirectoryLeases } from './directory-leases.js';
import { type Issuer, IssuerRegistry } from './issuer-registry.js';
import { KeycloakDirectory } from './keycloak.directory.js';
import { KeycloakResiliencePolicy } from './keycloak-resilience-policy.js';
import { KeycloakRightsSource } from './keycloak-rights.source.js';
import { NativeDirectory } from './native.directory.js';
import { NativeRightsSource } from './native-rights.source.js';

@Module({
  imports: [RightsModule],
  providers: [
    {
      provide: IssuerRegistry,
      inject: [SETTINGS, DataSource, IdentityProviderClient, RightsClient],
      useFactory: (
        { native, keycloak, keyUpdates }: UserServiceSettings,
        database: DataSource,
        identityProvider: IdentityProviderClient,
        rights: RightsClient,
      ) => {
        const realms = keycloak ? [keycloak] : [];
        return new IssuerRegistry([
          nativeEntry(native, keyUpdates, identityProvider, rights),
          ...realms.map((realm) => keycloakEntry(realm, database, rights)),
        ]);
      },
    },
  ],
  exports: [IssuerRegistry],
})
export class DirectoryModule {}

function nativeEntry(
  settings: UserServiceSettings['native'],
  keyUpdates: KeyUpdates | undefined,
  identityProvider: IdentityProviderClient,
  rights: RightsClient,
): Issuer {
  const issuer = nativeIssuer(settings);
  const { keys } = settings;
  const isUpdated = keyUpdates !== undefined && keys.length > 0;
  const tokens = isUpdated ? { ...issuer, openKeys: () => new UpdatedKeys(keys, keyUpdates) } : issuer;
  return {
    tokens,
    directory: new NativeDirectory(tokens.id, identityProvider),
    rights: new NativeRightsSource(tokens.id, rights),
  };
}

function keycloakEntry(
  settings: KeycloakServiceSettings,
  database: DataSource,
  rights: RightsClient,
): Issuer {
  const tokens = keycloakIssuer(settings);
  const policy = new KeycloakResiliencePolicy(tokens.id);
  const leases = new DirectoryLeases(tokens.id, database);
  const directory = new KeycloakDirectory(tokens.id, settings, policy, leases);
  return { tokens, directory, rights: new KeycloakRightsSource(tokens.id, directory, rights) };
}
