import type KeycloakAdminClient from '@keycloak/keycloak-admin-client';
import type { FastifyRequest } from 'fastify';
import type { KeycloakServiceSettings } from '#libs/config/settings.js';
import { KeyedSemaphore } from '#libs/core/keyed-semaphore.js';
import { notFound, unavailable } from '#libs/http/replies/api-error.js';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';
import type { IssuerProfile } from '../users/profile.js';
import type { Directory, NameChange, RecheckedSubject, SubjectState } from './directory.js';
import type { DirectoryLeases } from './directory-leases.js';
import {
  ClientRefused,
  distinguishOutage,
  isAnswer,
  isClientRefused,
  isUnknownUser,
  toApiError,
} from './keycloak-errors.js';
import { KEYCLOAK_TIMEOUT_MS, type KeycloakResiliencePolicy } from './keycloak-resilience-policy.js';
import { KeycloakToken } from './keycloak-token.js';
import { ServiceClientHealth } from './service-client-health.js';

/** Together with the policy's timeout an answer still comes within 2.5 s. */
const USER_QUEUE_TIMEOUT_MS = 400;

type Users = KeycloakAdminClient['users'];
type KeycloakUser = Awaited<ReturnType<Users['find']>>[number];

/**
 * The users of a Keycloak realm, by its Admin REST API and with the service's own client. Every call goes through the
 * resilience policy, which limits its time and the number of concurrent calls, and stops calls to a broken Keycloak.
 */
export class KeycloakDirectory implements Directory {
  private readonly token: KeycloakToken;
  /** One change of a user at a time: those that wait here do not count as concurrent calls. */
  private readonly changesByUser = new KeyedSemaphore(() => unavailable(1, 'busy'));
  private loadedUsers: Promise<Users> | null = null;
  private readonly clientHealth = new ServiceClientHealth(() => this.checkClient());

  constructor(
    private readonly issuer: IssuerId,
    private readonly settings: KeycloakServiceSettings,
    private readonly policy: KeycloakResiliencePolicy,
    private readonly leases: DirectoryLeases,
  ) {
    this.token = new KeycloakToken(settings, KEYCLOAK_TIMEOUT_MS);
  }

  /**
   * `PUT /admin/realms/{realm}/users/{id}` with the names alone: as measured on Keycloak 26, fields that are not in the
   * body stay unchanged as long as it has no `attributes`. The user is read back, since Keycloak may alter a name.
   */
  async rename(_caller: FastifyRequest, sub: string, change: NameChange): Promise<IssuerProfile> {
    const rename = async () => {
      await (await this.users()).update({ id: sub }, change);
      const askedAt = this.token.now();
      const user = await this.findUser(sub);
      if (!user) throw notFound();
      return this.toIssuerProfile(user, askedAt);
    };
    return this.changesByUser.run([{ name: sub, limit: 1 }], USER_QUEUE_TIMEOUT_MS, () =>
      this.call((signal) => this.leases.runExclusively(sub, signal, rename)),
    );
  }

  /**
   * `GET /admin/realms/{realm}/users/{id}`
   */
  async findBySubject(sub: string): Promise<IssuerProfile | 'service_account' | null> {
    return this.call(async () => {
      const askedAt = this.token.now();
      const user = await this.findUser(sub);
      if (!user) return null;
      return (await this.isServiceAccount(user)) ? 'service_account' : this.toIssuerProfile(user, askedAt);
    });
  }

  /** `GET /admin/realms/{realm}/users?username=…&exact=true` */
  async findByUsername(username: string): Promise<IssuerProfile | null> {
    return this.call(async () => {
      const askedAt = this.token.now();
      const users = await (await this.users()).find({ username, exact: true, max: 2 });
      const user = users.find((found) => found.username?.toLowerCase() === username.toLowerCase());
      return user && !(await this.isServiceAccount(user)) ? this.toIssuerProfile(user, askedAt) : null;
    }, 'lookup');
  }

  /**
   * `GET /admin/realms/{realm}/users/{id}/role-mappings/realm/composite`: with the roles that come from groups and from
   * other roles. An unknown user has no roles.
   */
  realmRolesOf(sub: string): Promise<string[]> {
    return this.call(async () => {
      try {
        const roles = await (await this.users()).listCompositeRealmRoleMappings({ id: sub });
        return roles.map(({ name }) => name as string);
      } catch (error) {
        if (isUnknownUser(error)) return [];
        // A user whose roles are not known must not count as one without roles.
        throw new Error('Keycloak did not return the roles of a user.', { cause: distinguishOutage(error) });
      }
    });
  }

  /** `GET /admin/realms/{realm}/users/{id}` */
  isEnabled(sub: string): Promise<boolean> {
    return this.call(async () => (await this.findUser(sub))?.enabled === true);
  }

  /**
   * `GET /admin/realms/{realm}/users?search=id:a b c`, one request for all: as measured on Keycloak 26.7, it returns the
   * users with these ids. Those that are missing are asked for one by one, since a wrong answer would lock people out.
   */
  async statesOf(subjects: readonly RecheckedSubject[]): Promise<ReadonlyMap<string, SubjectState>> {
    const ids = subjects.map(({ sub }) => sub).filter((sub) => !/\s/.test(sub));
    const find = async () => (await this.users()).find({ search: `id:${ids.join(' ')}`, max: ids.length });
    const users = ids.length === 0 ? [] : await this.call(find, 'lookup');
    const states = new Map<string, SubjectState>();
    for (const { id, enabled } of users) states.set(id as string, enabled ? 'enabled' : 'disabled');
    for (const { sub, username, isDeleted } of subjects) {
      if (states.has(sub)) continue;
      const state = isDeleted ? 'deleted' : await this.stateOf(sub, username);
      if (state !== null) states.set(sub, state);
    }
    return states;
  }

  /** Null for a subject that is not a user's id while the user exists: a client has pairwise subjects. */
  private async stateOf(sub: string, username: string | null): Promise<SubjectState | null> {
    const user = await this.call(() => this.findUser(sub), 'lookup');
    if (user) return user.enabled ? 'enabled' : 'disabled';
    return username !== null && (await this.findByUsername(username)) ? null : 'deleted';
  }

  /**
   * The admin client's `findOne` returns null for every 404, also for that of a proxy while Keycloak restarts. Keycloak's
   * own 404 for the user's roles proves that it does not know the user.
   */
  private async findUser(sub: string): Promise<KeycloakUser | null> {
    const user = await (await this.users()).findOne({ id: sub });
    // An id like `..` or `count` reaches another resource.
    if (user) return user.id === sub ? user : null;
    try {
      await (await this.users()).listRealmRoleMappings({ id: sub });
    } catch (error) {
      if (!isUnknownUser(error)) throw error;
    }
    return null;
  }

  /**
   * As measured on Keycloak 26.7: the record of a service account does not say that it is one, and `search` leaves
   * service accounts out, unlike `username`. A person may have such a username too. Quotes make the match exact.
   */
  private async isServiceAccount({ id, username, serviceAccountClientId }: KeycloakUser): Promise<boolean> {
    if (serviceAccountClientId) return true;
    if (!username?.startsWith('service-account-')) return false;
    const people = await (await this.users()).find({ search: `"${username}"` });
    return !people.some((person) => person.id === id);
  }

  assertAccess(): Promise<void> {
    return this.clientHealth.assertAccepted();
  }

  /** Keycloak adds to a user's record what the reader may do with it; the client reads its own service account. */
  private async checkClient(): Promise<void> {
    const username = `service-account-${this.settings.clientId}`.toLowerCase();
    const [account] = await this.call(async () =>
      (await this.users()).find({ username, exact: true, max: 1 }),
    );
    // Outside `call`: Keycloak has answered, so that the circuit stays closed.
    if (account?.access?.['manage'] === false) throw new ClientRefused(403);
  }

  /** Keycloak's users. The library takes long to load, so the first call loads it, and not the start. */
  private users(): Promise<Users> {
    this.loadedUsers ??= this.loadUsers();
    return this.loadedUsers;
  }

  private async loadUsers(): Promise<Users> {
    const { default: AdminClient } = await import('@keycloak/keycloak-admin-client');
    const client = new AdminClient({
      baseUrl: this.settings.internalUrl,
      realmName: this.settings.realm,
      timeout: KEYCLOAK_TIMEOUT_MS,
      requestOptions: { redirect: 'error' },
    });
    client.registerTokenProvider({ getAccessToken: () => this.token.get() });
    return client.users;
  }

  private call<T>(work: (signal: AbortSignal) => Promise<T>, purpose?: 'lookup'): Promise<T> {
    return this.policy
      .execute(
        (signal) =>
          this.withFreshToken(() => work(signal)).catch((error: unknown) => {
            throw distinguishOutage(error);
          }),
        purpose,
      )
      .catch((error: unknown) => {
        if (isClientRefused(error)) this.clientHealth.noteRefusal();
        throw toApiError(error);
      });
  }

  /** After a restart Keycloak may refuse a token that has not expired: the work is repeated with a new one. */
  private async withFreshToken<T>(work: () => Promise<T>): Promise<T> {
    const used = await this.token.get();
    try {
      return await work();
    } catch (error) {
      if (!isAnswer(error) || error.response.status !== 401) throw error;
      this.token.discard(used);
      return work();
    }
  }

  /** @param askedAt before the request: later changes may be missing in the answer */
  private toIssuerProfile(user: KeycloakUser, askedAt: Date): IssuerProfile {
    return {
      issuer: this.issuer,
      sub: user.id as string,
      username: user.username ?? null,
      email: user.email ?? null,
      emailVerified: user.emailVerified ?? null,
      firstName: user.firstName ?? null,
      lastName: user.lastName ?? null,
      assertedAt: askedAt,
    };
  }
}
