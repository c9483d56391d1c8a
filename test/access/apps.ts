import type { DynamicModule } from '@nestjs/common';
import { pino } from 'pino';
import { IdentityProviderModule } from '#apps/identity-provider/src/identity-provider.module.js';
import { InternalModule } from '#apps/user-service/src/internal/internal.module.js';
import { UserServiceModule } from '#apps/user-service/src/user-service.module.js';
import { type DeclaredRoute, declaredAccess } from '#libs/auth/declared-access.js';
import type { KeycloakServiceSettings } from '#libs/config/settings.js';
import { Drain } from '#libs/http/application/drain.js';
import { createHttpApp } from '#libs/http/application/http-app.js';
import { keycloakToken, signToken, testKey } from '#libs/verify/src/testing/tokens.js';
import { type BothServices, startBothServices } from '../support/both-services.js';
import type { JwksServer } from '../support/jwks-server.js';
import { answerKeys, startJwksServer } from '../support/jwks-server.js';

const ISSUER = 'https://sso.example.com/realms/people';
const key = testKey('realm');

export interface AppsUnderTest extends BothServices {
  routes: Record<'identityProvider' | 'userService' | 'internal', DeclaredRoute[]>;
  /** An access token of a Keycloak user with these realm roles; the realm role `everything` maps to `admin`. */
  keycloakToken(...realmRoles: string[]): string;
}

/** Starts both applications, with the declared access of their routes. A local key set simulates Keycloak. */
export async function startApps(): Promise<AppsUnderTest> {
  const jwks = await startJwksServer(answerKeys(key));
  const services = await startBothServices({ keycloak: keycloakSettings(jwks) });
  const logger = pino({ level: 'silent' });
  const build = (module: DynamicModule) => createHttpApp(module, { name: 'routes', logger });
  const identityProvider = await build(IdentityProviderModule.forRoot(services.idp.settings, new Drain()));
  const userService = await build(UserServiceModule.forRoot(services.service.settings, new Drain()));
  const internal = await build(InternalModule.of(userService));
  const routes = {
    identityProvider: declaredAccess(identityProvider),
    userService: declaredAccess(userService),
    internal: declaredAccess(internal),
  };
  for (const app of [internal, userService, identityProvider]) await app.close();
  return {
    ...services,
    routes,
    keycloakToken: (...realmRoles) => {
      const { header, claims } = keycloakToken(ISSUER, 'user-service', key.kid);
      return signToken({ header, claims: { ...claims, realm_access: { roles: realmRoles } } }, key);
    },
    close: async () => {
      await services.close();
      await jwks.close();
    },
  };
}

const keycloakSettings = (jwks: JwksServer): KeycloakServiceSettings => ({
  issuer: ISSUER,
  jwksUrl: jwks.url,
  audience: 'user-service',
  roleMap: new Map([['everything', 'admin']]),
  url: 'https://sso.example.com',
  // No server listens there.
  internalUrl: 'http://127.0.0.1:9',
  realm: 'people',
  clientId: 'user-service',
  clientSecret: 'not asked for',
});
