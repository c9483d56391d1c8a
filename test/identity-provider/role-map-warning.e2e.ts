import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startIdentityProvider } from '#apps/identity-provider/src/start.js';
import type { KeycloakIssuerSettings } from '#libs/config/settings.js';
import { Drain } from '#libs/http/application/drain.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';

let idp: TestIdentityProvider;
beforeAll(async () => {
  idp = await startTestIdentityProvider();
});
afterAll(() => idp.close());

/** The log lines of level `warn` and above, from a start with this role map. */
async function warningsOf(
  roleMap: [string, string][],
  requiredRoles: string[] = [],
): Promise<Record<string, unknown>[]> {
  const lines: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line) => void lines.push(line) });
  const url = 'http://keycloak.test';
  const keycloak: KeycloakIssuerSettings = {
    issuer: `${url}/realms/people`,
    jwksUrl: `${url}/realms/people/certs`,
    audience: 'user-service',
    roleMap: new Map(roleMap),
    url,
    internalUrl: url,
    realm: 'people',
  };
  const secondFactor = { requiredRoles, trustedBrowsers: false };
  const settings = { ...idp.settings, keycloak, secondFactor };
  const app = await startIdentityProvider(settings, { logger, drain: new Drain() });
  await app.close();
  return lines.map((line) => JSON.parse(line));
}

it('a role map with an unknown role logs a warning with its name at start', async () => {
  const warnings = await warningsOf([
    ['chief', 'admin'],
    ['helpdesk', 'suport'],
    ['desk', 'suport'],
  ]);
  expect(warnings).toEqual([
    expect.objectContaining({ msg: 'KEYCLOAK_ROLE_MAP names unknown roles', roles: ['suport'] }),
  ]);
});

it('a role map of known roles logs no warning', async () => {
  expect(await warningsOf([['chief', 'admin']])).toEqual([]);
});

it('an unknown role that requires a second factor logs a warning too', async () => {
  expect(await warningsOf([], ['admin', 'suport'])).toEqual([
    expect.objectContaining({ msg: 'SECOND_FACTOR_REQUIRED names unknown roles', roles: ['suport'] }),
  ]);
});
