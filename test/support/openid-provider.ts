import { randomBytes } from 'node:crypto';
import bcrypt from 'bcrypt';
import { hashSecret } from '#apps/identity-provider/src/oauth/clients/client-metadata.js';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { newId } from '#libs/core/ids.js';
import type { Account } from '#libs/database/identity/account.entity.js';
import { OauthClient } from '#libs/database/identity/oauth-client.entity.js';
import { unique } from './factories.js';
import { freePort } from './free-ports.js';
import { startTestIdentityProvider, type TestIdentityProvider } from './identity-provider.js';

export const PASSWORD = 'securepass123';
export const CALLBACK = 'http://localhost:5173/callback';
const COST = 10;

export interface TestOpenIdProvider extends TestIdentityProvider {
  /** `http://localhost:{port}`: the issuer, where it really is. */
  issuer: string;
  /** A public first-party client for the code flow with refresh, unless told otherwise. */
  client(overrides?: Partial<OauthClient>): Promise<OauthClient>;
  /** A confidential client and its secret. */
  confidentialClient(overrides?: Partial<OauthClient>): Promise<{ client: OauthClient; secret: string }>;
  /** An account that can sign in with `PASSWORD`. */
  person(overrides?: Partial<Account>): Promise<Account>;
}

let passwordHash: Promise<string> | undefined;

/** A real identity-provider under its own issuer. @param overrides settings; with `databaseUrl`, another replica */
export async function startTestOpenIdProvider(
  overrides: Partial<IdentityProviderSettings> = {},
): Promise<TestOpenIdProvider> {
  const port = overrides.port ?? (await freePort());
  const issuer = overrides.signing?.issuer ?? `http://localhost:${port}`;
  const login = { maxFailures: 1_000, maxFailuresPerAddress: 10_000, windowSeconds: 900 };
  const idp = await startTestIdentityProvider({ login, port, ...overrides }, undefined, issuer);
  const client = (given: Partial<OauthClient> = {}) => {
    const { manager } = idp.database;
    return manager.save(OauthClient, {
      id: newId(),
      clientId: unique('client'),
      name: 'Example',
      type: 'public' as const,
      grantTypes: ['authorization_code', 'refresh_token'],
      redirectUris: [CALLBACK],
      postLogoutRedirectUris: ['http://localhost:5173/'],
      backchannelLogoutUri: null,
      firstParty: true,
      roleId: null,
      ...given,
    });
  };
  return {
    ...idp,
    issuer,
    client,
    confidentialClient: async (given = {}) => {
      const secret = randomBytes(32).toString('base64url');
      const made = await client({ type: 'confidential', secretHash: hashSecret(secret), ...given });
      return { client: made, secret };
    },
    person: async (given = {}) => {
      passwordHash ??= bcrypt.hash(PASSWORD, COST);
      return idp.make.account({ passwordHash: await passwordHash, ...given });
    },
  };
}
