const env = import.meta.env;

/** The addresses of the services. Set them when you start or build the example. */
export const config = {
  identityProvider: env['VITE_IDENTITY_PROVIDER_URL'] ?? 'http://localhost:8001',
  userService: env['VITE_USER_SERVICE_URL'] ?? 'http://localhost:3000',
  keycloak: {
    url: env['VITE_KEYCLOAK_URL'] ?? 'http://localhost:8080',
    realm: env['VITE_KEYCLOAK_REALM'] ?? 'myrealm',
    client: env['VITE_KEYCLOAK_CLIENT'] ?? 'frontend',
  },
};
