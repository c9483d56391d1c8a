import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createRealm, type TestRealm } from '../support/keycloak.js';
import { type OwnKeycloak, startOwnKeycloak } from '../support/keycloak-server.js';

const SLOW_MS = 180_000;
/** A Keycloak that this run did not start must not be stopped. */
const isLocal = inject('keycloak').shippedRealm !== null;

describe.skipIf(!isLocal)('a Keycloak with injected faults', () => {
  let own: OwnKeycloak;
  let realm: TestRealm;
  const answers = async (timeoutMs = 10_000) =>
    (await fetch(realm.issuer, { signal: AbortSignal.timeout(timeoutMs) })).ok;

  beforeAll(async () => {
    own = await startOwnKeycloak();
    realm = await createRealm({}, own.keycloak);
  }, SLOW_MS);
  afterAll(() => own?.close());

  test('does not answer while it is frozen, and continues afterwards', async () => {
    await own.server.freeze();
    await expect(answers(500)).rejects.toMatchObject({ name: 'TimeoutError' });
    await own.server.thaw();
    expect(await answers()).toBe(true);
  });

  test(
    'is down when it is killed, and has its data after a restart',
    async () => {
      const user = await realm.createUser();
      await sleep(1000);
      await own.server.kill();
      await expect(answers()).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
      await own.restart();
      expect(await realm.getUser(user.id)).toMatchObject({ username: user.username });
    },
    SLOW_MS,
  );

  test('can be stopped while it is frozen', async () => {
    await own.server.freeze();
    await own.server.stop();
    expect(await own.server.exited).toBe(143);
    await expect(answers()).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });
});
