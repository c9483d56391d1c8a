const env = import.meta.env;

/** An issuer that users can sign in at. */
export interface Authority {
  name: string;
  /** The address in front of `/.well-known/openid-configuration`. */
  url: string;
  clientId: string;
}

const keycloak = env['VITE_KEYCLOAK_URL'] ?? 'http://localhost:8080';
const realm = env['VITE_KEYCLOAK_REALM'] ?? 'myrealm';

/** The addresses. Set them when you start or build the example. */
export const config = {
  userService: env['VITE_USER_SERVICE_URL'] ?? 'http://localhost:3000',
  authorities: [
    {
      name: 'Keycloak',
      url: `${keycloak}/realms/${encodeURIComponent(realm)}`,
      clientId: env['VITE_KEYCLOAK_CLIENT'] ?? 'frontend',
    },
    {
      name: 'Twinkey',
      url: env['VITE_TWINKEY_URL'] ?? 'http://localhost:8001',
      clientId: env['VITE_TWINKEY_CLIENT'] ?? 'frontend',
    },
  ] satisfies Authority[],
};
