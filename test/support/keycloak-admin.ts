import KcAdminClient from '@keycloak/keycloak-admin-client';
import type { KeycloakUnderTest } from './keycloak-server.js';

/** A token of realm `master` is valid for 60 s. */
const RENEW_AFTER_MS = 40_000;

/**
 * Keycloak's admin client for one realm, with all rights. It renews its token when needed.
 * A token is valid for the realms that exist when it is issued: create a new client after creating a realm.
 */
export function keycloakAdmin({ url, admin }: KeycloakUnderTest, realm: string): KcAdminClient {
  const client = new KcAdminClient({ baseUrl: url, realmName: realm });
  let current: { token: string; since: number } | null = null;
  client.registerTokenProvider({
    getAccessToken: async () => {
      if (current === null || performance.now() - current.since > RENEW_AFTER_MS) {
        const since = performance.now();
        const master = new KcAdminClient({ baseUrl: url, realmName: 'master' });
        await master.auth({ ...admin, grantType: 'password', clientId: 'admin-cli' });
        current = { token: String(master.accessToken), since };
      }
      return current.token;
    },
  });
  return client;
}
