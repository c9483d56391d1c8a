import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Load } from '../support/load.js';
import { lossOf, record } from '../support/report.js';
import { type Call, send, slowest, tally } from '../support/request.js';
import { forgedToken } from './forged-token.js';
import type { KeycloakSetup } from './keycloak-setup.js';

/** Shorter than the 30 s in which unknown key ids can cause one fetch. */
const FLOOD_MS = 12_000;
/** The minimum number of forged tokens, also on a slow machine. */
const MIN_FORGED = 500;

export function testFlood(setup: () => KeycloakSetup): void {
  it('a flood of unknown key ids: at most one fetch of the key set, and valid tokens are accepted', async () => {
    const { realm, person, proxy, replica } = setup();
    const validToken = await realm.passwordToken(person);
    const me: Call = { name: 'GET /users/me', url: `${replica.userService}/users/me`, token: validToken };
    expect((await send(me)).status).toBe(200);
    const fetched = () => proxy.requests.filter((line) => line.includes('/certs')).length;
    const before = fetched();
    const load = new Load({ clients: 4, perSecond: 20, next: () => me });
    const forged = new Load({
      clients: 40,
      perSecond: 250,
      next: (client, turn) => ({ ...me, name: 'forged', token: forgedToken(realm, `${client}-${turn}`) }),
    });
    await sleep(FLOOD_MS);
    const [answers] = await Promise.all([forged.stop(), load.stop()]);
    const fetches = fetched() - before;
    const wrong = answers.filter(({ status }) => status !== 401);
    await record({
      scenario: `${answers.length} tokens with unknown key ids`,
      lost: lossOf(load.failures.length, 'valid requests'),
      figures: `${fetches} fetch of the key set, slowest valid request ${slowest(load.outcomes)} ms`,
    });
    expect(answers.length).toBeGreaterThan(MIN_FORGED);
    expect(tally(wrong)).toBe('');
    expect(fetches).toBeLessThanOrEqual(1);
    expect(tally(load.failures)).toBe('');
  });
}
