import type { TestRealm, TestUser } from '../../support/keycloak.js';
import type { OwnKeycloak } from '../../support/keycloak-server.js';
import type { TcpProxy } from '../../support/tcp-proxy.js';
import type { Replica } from '../support/replica.js';

/** A Keycloak that tests can stop, and a user-service that reaches it through a proxy. */
export interface KeycloakSetup {
  keycloak: OwnKeycloak;
  realm: TestRealm;
  person: TestUser;
  proxy: TcpProxy;
  replica: Replica;
}
