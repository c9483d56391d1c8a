import { randomBytes } from 'node:crypto';
import type KcAdminClient from '@keycloak/keycloak-admin-client';
import type ClientRepresentation from '@keycloak/keycloak-admin-client/lib/defs/clientRepresentation.js';
import type RealmRepresentation from '@keycloak/keycloak-admin-client/lib/defs/realmRepresentation.js';
import type { UserProfileAttribute } from '@keycloak/keycloak-admin-client/lib/defs/userProfileMetadata.js';
import type UserRepresentation from '@keycloak/keycloak-admin-client/lib/defs/userRepresentation.js';
import { inject } from 'vitest';
import { shippedRealm } from '#libs/development/keycloak/realm.js';
import { keycloakAdmin } from './keycloak-admin.js';
import type { KeycloakUnderTest } from './keycloak-server.js';
import { requestTokens, type TokenSet } from './keycloak-tokens.js';

/** People sign in here with their password alone. */
const PEOPLE_CLIENT = 'test';
/** A service that is neither ours nor a person; its tokens have our audience. */
const SERVICE_CLIENT = 'test-service';

export interface TestUser {
  id: string;
  username: string;
  email: string;
  firstName: string;
  lastName: string;
  password: string;
}

/** A realm of its own: the shipped one under another name, and the two clients above. */
export class TestRealm {
  /** With all rights in this realm. */
  readonly admin: KcAdminClient;
  /** The `iss` of its tokens. */
  readonly issuer: string;

  constructor(
    readonly keycloak: KeycloakUnderTest,
    readonly name: string,
    /** Of `user-service` and of `test-service`. */
    readonly clientSecret: string,
  ) {
    this.issuer = `${keycloak.url}/realms/${encodeURIComponent(name)}`;
    this.admin = keycloakAdmin(keycloak, name);
  }

  /** Makes a person who can sign in. `roles` are realm roles, made where they are missing. */
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

  /** Signs a person in: access, refresh, and with the default scope also an ID token. */
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

  /** A person's access token. */
  async passwordToken(user: Pick<TestUser, 'username' | 'password'>): Promise<string> {
    return (await this.signIn(user)).accessToken;
  }

  /** The access token of a service that is no person: `test-service`, or ours. */
  async clientCredentialsToken(client: 'test-service' | 'user-service' = SERVICE_CLIENT): Promise<string> {
    const credentials = { client_id: client, client_secret: this.clientSecret };
    return (await requestTokens(this.issuer, { grant_type: 'client_credentials', ...credentials }))
      .accessToken;
  }

  /** The user as Keycloak holds it now, attributes included; null where there is none. */
  async getUser(id: string): Promise<UserRepresentation | null> {
    return (await this.admin.users.findOne({ id })) ?? null;
  }

  /** Lets users carry attributes that the user profile does not name, as many installations do. */
  async allowAnyAttribute(): Promise<void> {
    const profile = await this.admin.users.getProfile();
    await this.admin.users.updateProfile({ ...profile, unmanagedAttributePolicy: 'ENABLED' as never });
  }

  /** Replaces the rules of one attribute of the user profile, or adds it. */
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
 * Makes a realm for one test file, on the run's Keycloak unless told another; `delete` it afterwards.
 * Of `overrides` clients, users and realm roles are added to the shipped ones, anything else replaces.
 */
export async function createRealm(
  overrides: RealmRepresentation = {},
  keycloak: KeycloakUnderTest = inject('keycloak'),
): Promise<TestRealm> {
  const name = overrides.realm ?? `test-${randomBytes(6).toString('hex')}`;
  const secret = randomBytes(16).toString('hex');
  const text = JSON.stringify(await shippedRealm()).replaceAll(/\$\{KEYCLOAK_CLIENT_SECRET\}/g, secret);
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

/** The settings that make the apps trust a realm and use its Admin API; `internalUrl` may lead through a proxy. */
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

/** Both with the shipped frontend's audience mapper. */
function testClients(shipped: RealmRepresentation, secret: string): ClientRepresentation[] {
  const { protocolMappers } = shipped.clients?.find(({ clientId }) => clientId === 'frontend') ?? {};
  const common = { protocol: 'openid-connect', enabled: true, standardFlowEnabled: false, protocolMappers };
  return [
    { ...common, clientId: PEOPLE_CLIENT, publicClient: true, directAccessGrantsEnabled: true },
    { ...common, clientId: SERVICE_CLIENT, publicClient: false, secret, serviceAccountsEnabled: true },
  ];
}
