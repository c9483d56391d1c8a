import { describe, expect, test } from 'vitest';
import { demoRealm, demoUsers, shippedRealm } from './realm-files.js';

describe('the realm file', () => {
  test('defines no client scopes: with any, Keycloak would not create the built-in ones, which add sub', async () => {
    expect(await shippedRealm()).not.toHaveProperty('clientScopes');
  });

  test('contains a placeholder instead of a secret, and no person', async () => {
    const { clients = [], users = [] } = await shippedRealm();
    expect(clients.flatMap(({ secret }) => secret ?? [])).toEqual(['$' + '{KEYCLOAK_CLIENT_SECRET}']);
    expect(users.map(({ username }) => username)).toEqual(['service-account-user-service']);
    expect(JSON.stringify(users)).not.toContain('credentials');
  });

  test('lets no client exchange a password for a token', async () => {
    const { clients = [] } = await shippedRealm();
    expect(clients.map((client) => [client.clientId, client.directAccessGrantsEnabled])).toEqual([
      ['user-service', false],
      ['frontend', false],
      ['admin-cli', false],
    ]);
  });

  test('differs from the development realm only by the demo users', async () => {
    const shipped = await shippedRealm();
    expect(await demoRealm()).toEqual({
      ...shipped,
      users: [...(shipped.users ?? []), ...(await demoUsers())],
    });
  });
});
