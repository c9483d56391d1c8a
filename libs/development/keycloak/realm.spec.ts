import { describe, expect, test } from 'vitest';
import { demoRealm, demoUsers, shippedRealm } from './realm.js';

describe('the realm file', () => {
  test('leaves client scopes to Keycloak: naming any would drop the built-in ones, and sub with them', async () => {
    expect(await shippedRealm()).not.toHaveProperty('clientScopes');
  });

  test('holds no secret but a placeholder, and no person', async () => {
    const { clients = [], users = [] } = await shippedRealm();
    expect(clients.flatMap(({ secret }) => secret ?? [])).toEqual(['$' + '{KEYCLOAK_CLIENT_SECRET}']);
    expect(users.map(({ username }) => username)).toEqual(['service-account-user-service']);
    expect(JSON.stringify(users)).not.toContain('credentials');
  });

  test('lets no client trade a password for a token', async () => {
    const { clients = [] } = await shippedRealm();
    expect(clients.map((client) => [client.clientId, client.directAccessGrantsEnabled])).toEqual([
      ['user-service', false],
      ['frontend', false],
      ['admin-cli', false],
    ]);
  });

  test('becomes the development one by the demo users alone', async () => {
    const shipped = await shippedRealm();
    expect(await demoRealm()).toEqual({
      ...shipped,
      users: [...(shipped.users ?? []), ...(await demoUsers())],
    });
  });
});
