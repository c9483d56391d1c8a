import { randomBytes } from 'node:crypto';
import type KcAdminClient from '@keycloak/keycloak-admin-client';
import type ClientRepresentation from '@keycloak/keycloak-admin-client/lib/defs/clientRepresentation.js';
import type RealmRepresentation from '@keycloak/keycloak-admin-client/lib/defs/realmRepresentation.js';
import type { UserProfileAttribute } from '@keycloak/keycloak-admin-client/lib/defs/userProfileMetadata.js';
import type UserRepresentation from '@keycloak/keycloak-admin-client/lib/defs/userRepresentation.js';
import { inject } from 'vitest';
import { shippedRealm } from '#libs/development/keycloak/realm-files.js';
import { keycloakAdmin } from './keycloak-admin.js';
import type { KeycloakUnderTest } from './keycloak-server.js';
import { requestClientToken, requestTokens, type TokenSet } from './keycloak-tokens.js';

/** A client where users sign in with their password only. */
const PEOPLE_CLIENT = 'test';
/** Another service: its tokens have user-service's audience. */
const SERVICE_CLIENT = 'test-service';

export interface TestUser {
  id: string;
  username: string;
  email: string;
  firstName: string;
  lastName: string;
  password: string;
}

/** A copy of the shipped realm under another name, with the two clients above. */
export class TestRealm {
  /** Has all rights in this realm. */
  readonly admin: KcAdminClient;
  /** The `iss` of its tokens. */
  readonly issuer: string;

  constructor(
    readonly keycloak: KeycloakUnderTest,
    readonly name: string,
    /** The secret of `user-service` and of `test-service`. */
    readonly clientSecret: string,
  ) {
    this.issuer = `${keycloak.url}/realms/${encodeURIComponent(name)}`;
    this.admin = keycloakAdmin(keycloak, name);
  }

  /** Creates a user who can sign in. `roles` are realm roles; missing ones are created. */
  async createUser(
    overrides: Partial<TestUser> &
      Pick<UserRepresentation, 'attributes' | 'enabled'> & { roles?: string[] } = {},
  ): Promise<TestUser> {
    const { roles = [], password = 'a password 7', attributes, enabled = true, ...given } = overrides;
    const username = given.username ?? `user-${randomBytes(5).toString('hex')}`;
    const person = {
      username,
      email: `${username}@example.com`,
      firstName: 'Ada',
      lastName: 'Byron',
      ...given,
    };
    const { id } = await this.admin.users.create({
      ...person,
      enabled,
      emailVerified: true,
      attributes,
      credentials: [{ type: 'password', value: password, temporary: false }],
    });
    if (roles.length > 0) {
      await this.assignRoles(id, roles);
    }
    return { ...person, id, password };
  }

  async assignRoles(userId: string, names: string[]): Promise<void> {
    const roles = await Promise.all(
      names.map(async (name) => {
        const known = await this.admin.roles.findOneByName({ name });
        if (!known) {
          await this.admin.roles.create({ name });
        }
        return known ?? (await this.admin.roles.findOneByName({ name }));
      }),
    );
    const mapped = roles.map((role) => ({ id: String(role?.id), name: String(role?.name) }));
    await this.admin.users.addRealmRoleMappings({ id: userId, roles: mapped });
  }

  /** Signs a user in. Returns access and refresh token, and with the default scope an ID token. */
  signIn(user: Pick<TestUser, 'username' | 'password'>, scope = 'openid'): Promise<TokenSet> {
    const { username, password } = user;
    return requestTokens(this.issuer, {
      grant_type: 'password',
      client_id: PEOPLE_CLIENT,
      username,
      password,
      scope,
    });
  }

  /** A user's access token. */
  async passwordToken(user: Pick<TestUser, 'username' | 'password'>): Promise<string> {
    return (await this.signIn(user)).accessToken;
  }

  /** The access token of a service account. */
  clientCredentialsToken(client: 'test-service' | 'user-service' = SERVICE_CLIENT): Promise<string> {
    return requestClientToken(this.issuer, client, this.clientSecret);
  }

  /** The user's current representation with attributes, or null. */
  async getUser(id: string): Promise<UserRepresentation | null> {
    return (await this.admin.users.findOne({ id })) ?? null;
  }

  /** Allows users to have attributes that the user profile does not define, as many installations do. */
  async allowAnyAttribute(): Promise<void> {
    const profile = await this.admin.users.getProfile();
    await this.admin.users.updateProfile({ ...profile, unmanagedAttributePolicy: 'ENABLED' as never });
  }

  /** Adds or replaces one attribute of the user profile. */
  async setAttribute(attribute: UserProfileAttribute & { name: string }): Promise<void> {
    const { attributes = [], ...profile } = await this.admin.users.getProfile();
    const others = attributes.filter(({ name }) => name !== attribute.name);
    await this.admin.users.updateProfile({ ...profile, attributes: [...others, attribute] });
  }

  async delete(): Promise<void> {
    await this.admin.realms.del({ realm: this.name });
  }
}

/**
 * Creates a realm for one test file, by default on the run's Keycloak; `delete` it afterwards.
 * `logoutUrl` receives the logouts of the client `frontend`; by default nobody does.
 * Clients, users and realm roles of `overrides` are added to the shipped ones; everything else replaces them.
 */
export async function createRealm(
  overrides: RealmRepresentation = {},
  keycloak: KeycloakUnderTest = inject('keycloak'),
  { logoutUrl = '' } = {},
): Promise<TestRealm> {
  const name = overrides.realm ?? `test-${randomBytes(6).toString('hex')}`;
  const secret = randomBytes(16).toString('hex');
  const text = JSON.stringify(await shippedRealm())
    .replaceAll(/\$\{KEYCLOAK_CLIENT_SECRET\}/g, secret)
    .replaceAll(/\$\{KEYCLOAK_BACKCHANNEL_LOGOUT_URL:[^}]*\}/g, logoutUrl);
  const shipped: RealmRepresentation = JSON.parse(text);
  await keycloakAdmin(keycloak, 'master').realms.create({
    ...shipped,
    ...overrides,
    realm: name,
    clients: [...(shipped.clients ?? []), ...testClients(shipped, secret), ...(overrides.clients ?? [])],
    users: [...(shipped.users ?? []), ...(overrides.users ?? [])],
    roles: {
      ...overrides.roles,
      realm: [...(shipped.roles?.realm ?? []), ...(overrides.roles?.realm ?? [])],
    },
  });
  return new TestRealm(keycloak, name, secret);
}

/** Environment variables with which the apps trust a realm and use its Admin API; `internalUrl` may be a proxy. */
export function keycloakEnv(
  realm: TestRealm,
  { internalUrl = realm.keycloak.url } = {},
): Record<string, string> {
  return {
    KEYCLOAK_URL: realm.keycloak.url,
    KEYCLOAK_INTERNAL_URL: internalUrl,
    KEYCLOAK_REALM: realm.name,
    KEYCLOAK_CLIENT_ID: 'user-service',
    KEYCLOAK_CLIENT_SECRET: realm.clientSecret,
    KEYCLOAK_ROLE_MAP: 'twinkey-admin=admin',
  };
}

/** Both clients have the audience mapper of the shipped frontend. */
function testClients(shipped: RealmRepresentation, secret: string): ClientRepresentation[] {
  const { protocolMappers } = shipped.clients?.find(({ clientId }) => clientId === 'frontend') ?? {};
  const common = { protocol: 'openid-connect', enabled: true, standardFlowEnabled: false, protocolMappers };
  return [
    { ...common, clientId: PEOPLE_CLIENT, publicClient: true, directAccessGrantsEnabled: true },
    { ...common, clientId: SERVICE_CLIENT, publicClient: false, secret, serviceAccountsEnabled: true },
  ];
}
