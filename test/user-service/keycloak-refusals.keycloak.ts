import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRealm, type TestRealm, type TestUser } from '../support/keycloak.js';
import { keycloakSettings, startTestUserService, type TestUserService } from '../support/user-service.js';

const EVERYBODY = { view: ['admin', 'user'], edit: ['admin', 'user'] };

let realm: TestRealm;
let user: TestUser;
let service: TestUserService;
let token: string;
beforeAll(async () => {
  realm = await createRealm();
  user = await realm.createUser();
  token = await realm.passwordToken(user);
  service = await startTestUserService({ keycloak: keycloakSettings(realm) });
});
afterAll(async () => {
  await service?.close();
  await realm?.delete();
});

/** The entries of `errors`, complete. */
async function entriesOf(change: object): Promise<{ field: string | null; code: string; message: string }[]> {
  const response = await fetch(`${service.api.url}/users/me`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(change),
  });
  expect(response.status).toBe(422);
  return ((await response.json()) as { errors: Awaited<ReturnType<typeof entriesOf>> }).errors;
}

describe("a refusal by Keycloak's user profile", () => {
  it('names each attribute and the reason; `field` is one of our fields or null', async () => {
    for (const name of ['phone', 'team']) {
      await realm.setAttribute({ name, permissions: EVERYBODY, required: { roles: ['admin', 'user'] } });
    }
    const entries = await entriesOf({ last_name: 'King' });
    expect(entries.map(({ field, code }) => [field, code])).toEqual([
      [null, 'refused_by_keycloak'],
      [null, 'refused_by_keycloak'],
    ]);
    for (const name of ['phone', 'team']) {
      expect(entries.filter(({ message }) => message.includes(name))).toEqual([
        expect.objectContaining({ message: expect.stringContaining('error-user-attribute-required') }),
      ]);
      await realm.setAttribute({ name, permissions: EVERYBODY });
    }
  });

  it("contains the validator's own message", async () => {
    const reason = 'Names begin with a capital, "please" – naïve!';
    const pattern = { pattern: '^[A-Z].*$', 'error-message': reason };
    await realm.setAttribute({ name: 'lastName', permissions: EVERYBODY, validations: { pattern } });
    expect(await entriesOf({ last_name: 'king' })).toEqual([
      { field: 'last_name', code: 'refused_by_keycloak', message: expect.stringContaining(reason) },
    ]);
  });

  it('is returned where an attribute is read-only', async () => {
    await realm.setAttribute({ name: 'firstName', permissions: { view: ['admin', 'user'], edit: [] } });
    expect(await entriesOf({ first_name: 'Augusta' })).toEqual([
      {
        field: 'first_name',
        code: 'refused_by_keycloak',
        message: expect.stringContaining('error-user-attribute-read-only'),
      },
    ]);
  });
});
