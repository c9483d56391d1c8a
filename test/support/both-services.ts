import type { KeycloakServiceSettings, UserServiceSettings } from '#libs/config/settings.js';
import { startTestIdentityProvider, type TestIdentityProvider } from './identity-provider.js';
import { startTestUserService, type TestUserService } from './user-service.js';

/** A real identity-provider and a real user-service that trusts and calls it. */
export interface BothServices {
  idp: TestIdentityProvider;
  service: TestUserService;
  close(): Promise<void>;
}

/**
 * @param overrides settings of user-service; `keycloak`, `docs` and `authorityFeedToken` apply to both services
 * @param bcryptCost setting of identity-provider, for tests that set many passwords
 * @param running an identity-provider that is already started; `close` closes it too
 */
export async function startBothServices(
  overrides: Partial<UserServiceSettings> & { keycloak?: KeycloakServiceSettings } = {},
  bcryptCost = 10,
  running?: TestIdentityProvider,
): Promise<BothServices> {
  const { keycloak = null, docs = false, authorityFeedToken = null } = overrides;
  const idp =
    running ?? (await startTestIdentityProvider({ keycloak, docs, authorityFeedToken, bcryptCost }));
  const { issuer, audience, lifetimeSeconds, publicKeys } = idp.settings.signing;
  const service = await startTestUserService({
    identityProviderUrl: idp.api.url.replace('/api/v1', ''),
    native: { issuer, audience, maxLifetimeSeconds: lifetimeSeconds, keys: publicKeys, jwksUrl: null },
    ...overrides,
  });
  return {
    idp,
    service,
    close: async () => {
      await service.close();
      await idp.close();
    },
  };
}
