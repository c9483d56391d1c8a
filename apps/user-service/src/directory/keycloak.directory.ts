import KeycloakAdminClient, { NetworkError } from '@keycloak/keycloak-admin-client';
import type { FastifyRequest } from 'fastify';
import type { KeycloakServiceSettings } from '#libs/config/settings.js';
import { KeyedSemaphore } from '#libs/core/keyed-semaphore.js';
import { notFound, unavailable } from '#libs/http/replies/api-error.js';
import type { IssuerProfile } from '../users/profile.js';
import type { Directory, NameChange } from './directory.js';
import { ClientRefused, distinguishOutage, isClientRefused, refusalOf } from './keycloak-errors.js';
import type { KeycloakLeases } from './keycloak-leases.js';
import { KEYCLOAK_BUDGET, KeycloakResiliencePolicy } from './keycloak-resilience-policy.js';
import { KeycloakToken } from './keycloak-token.js';
import { ServiceClientHealth } from './service-client-health.js';

/** With the gate's budget an answer still comes within 2.5 s. */
const TURN_PATIENCE = 400;

type KeycloakUser = Awaited<ReturnType<KeycloakAdminClient['users']['find']>>[number];

/**
 * Keycloak's people, through its Admin REST API as the service's own client. Every call goes through the gate: its
 * time, its number and a broken Keycloak are the gate's matter alone.
 */
export class KeycloakDirectory implements Directory {
  private readonly token: KeycloakToken;
  /** Who waits here for himself takes no place at the gate from others. */
  private readonly lanes = new KeyedSemaphore(() => unavailable(1, 'busy'));
  private readonly client: KeycloakAdminClient;
  private readonly standing = new ServiceClientHealth(() => this.askForStanding());

  constructor(
    private readonly settings: KeycloakServiceSettings,
    private readonly gate: KeycloakResiliencePolicy,
    private readonly leases: KeycloakLeases,
  ) {
    this.token = new KeycloakToken(settings, KEYCLOAK_BUDGET);
    this.client = new KeycloakAdminClient({
      baseUrl: settings.internalUrl,
      realmName: settings.realm,
      timeout: KEYCLOAK_BUDGET,
      requestOptions: { redirect: 'error' },
    });
    this.client.registerTokenProvider({ getAccessToken: () => this.token.get() });
  }

  /**
   * `PUT /admin/realms/{realm}/users/{id}` with the names alone: as measured on Keycloak 26, what is not in the body
   * stays, unless `attributes` are. Read back, since Keycloak may store a name otherwise than it was sent.
   */
  async rename(_caller: FastifyRequest, sub: string, change: NameChange): Promise<IssuerProfile> {
    const rename = async () => {
      await this.client.users.update({ id: sub }, change);
      const asked = this.token.issuersNow();
      const user = await this.client.users.findOne({ id: sub });
      if (!user) throw notFound();
      return wordOf(user, asked);
    };
    return this.lanes.run([{ name: sub, limit: 1 }], TURN_PATIENCE, () =>
      this.ask((signal) => this.leases.runExclusively(sub, signal, rename)),
    );
  }

  /**
   * `GET /admin/realms/{realm}/users/{id}`
   * @returns null where no user has this id
   * @throws ApiError 503
   */
  async findBySubject(sub: string): Promise<IssuerProfile | 'service_account' | null> {
    return this.ask(async () => {
      const asked = this.token.issuersNow();
      const user = await this.client.users.findOne({ id: sub });
      // Another resource than a user answers to an id like `..` or `count`.
      if (user?.id !== sub) return null;
      return (await this.isServiceAccount(user)) ? 'service_account' : wordOf(user, asked);
    });
  }

  /** `GET /admin/realms/{realm}/users?username=…&exact=true`. A service account is nobody. */
  async findByUsername(username: string): Promise<IssuerProfile | null> {
    return this.ask(async () => {
      const asked = this.token.issuersNow();
      const users = await this.client.users.find({ username, exact: true, max: 2 });
      const user = users.find((found) => found.username?.toLowerCase() === username.toLowerCase());
      return user && !(await this.isServiceAccount(user)) ? wordOf(user, asked) : null;
    });
  }

  /**
   * As measured on Keycloak 26.7: a user's record does not say that it is a client's, and `search`, unlike `username`,
   * finds people only. People may have such a username too. Quotes make the match exact.
   */
  private async isServiceAccount({ id, username, serviceAccountClientId }: KeycloakUser): Promise<boolean> {
    if (serviceAccountClientId) return true;
    if (!username?.startsWith('service-account-')) return false;
    const people = await this.client.users.find({ search: `"${username}"` });
    return !people.some((person) => person.id === id);
  }

  /** @throws Error while Keycloak refuses the service's client */
  requireStanding(): Promise<void> {
    return this.standing.require();
  }

  /** A user's record says what the one who reads it may do; here it is the client's own. */
  private async askForStanding(): Promise<void> {
    const username = `service-account-${this.settings.clientId}`.toLowerCase();
    const [account] = await this.ask(() => this.client.users.find({ username, exact: true, max: 1 }));
    // Not within `ask`: Keycloak has answered, so that its circuit stays closed.
    if (account?.access?.['manage'] === false) throw new ClientRefused(403);
  }

  private ask<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.gate
      .execute((signal) =>
        this.withFreshToken(() => call(signal)).catch((error: unknown) => {
          throw distinguishOutage(error);
        }),
      )
      .catch((error: unknown) => {
        if (isClientRefused(error)) this.standing.noteRefusal();
        throw refusalOf(error);
      });
  }

  /** A 401 may mean that Keycloak forgot our token: once more with a new one. */
  private async withFreshToken<T>(call: () => Promise<T>): Promise<T> {
    const used = await this.token.get();
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof NetworkError) || error.response.status !== 401) throw error;
      this.token.discard(used);
      return call();
    }
  }
}

/** @param asked when Keycloak was: what was written before is in its answer, what came between may not be */
function wordOf(user: KeycloakUser, asked: Date): IssuerProfile {
  return {
    issuer: 'keycloak',
    sub: user.id as string,
    username: user.username ?? null,
    email: user.email ?? null,
    firstName: user.firstName ?? null,
    lastName: user.lastName ?? null,
    assertedAt: asked,
  };
}
