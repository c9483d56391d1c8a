import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Load } from '../support/load.js';
import { lossOf, record } from '../support/report.js';
import { isSuccess, type Outcome, send, slowest, tally } from '../support/request.js';
import { forgedToken } from './forged-token.js';
import type { KeycloakSetup } from './keycloak-setup.js';

/** The documented limit is 2.5 s; the rest is for a busy machine. */
const LATEST_ANSWER_MS = 3_000;
const RECOVERED_WITHIN_MS = 3_000;
const OUTAGE_MS = 5_000;
/** `timeout check` of deploy/haproxy.cfg. */
const PROBE_MS = 2_000;

const OUTAGES = [
  {
    name: 'frozen',
    begin: ({ keycloak }: KeycloakSetup) => keycloak.server.freeze(),
    end: ({ keycloak }: KeycloakSetup) => keycloak.server.thaw(),
  },
  {
    name: 'killed',
    begin: ({ keycloak }: KeycloakSetup) => keycloak.server.kill(),
    end: ({ keycloak }: KeycloakSetup) => keycloak.restart(),
  },
  {
    name: 'restarted',
    begin: ({ keycloak }: KeycloakSetup) => keycloak.server.stop(),
    end: ({ keycloak }: KeycloakSetup) => keycloak.restart(),
  },
];

const isIssuerOwned = ({ name }: Outcome) => name === 'PUT last_name';

export function testOutages(setup: () => KeycloakSetup): void {
  it.each(OUTAGES)(
    'Keycloak $name under load: only requests that need it are 503, and they recover without a restart',
    async ({ name, begin, end }) => {
      const { realm, person, replica } = setup();
      const bearer = await realm.passwordToken(person);
      let written = 0;
      let acknowledged = '';
      const load = new Load({
        clients: 6,
        perSecond: 24,
        next: (client, turn) => {
          const url = `${replica.userService}/users/me`;
          if (client === 0) {
            written += 1;
            return {
              name: 'PUT last_name',
              method: 'PUT',
              url,
              token: bearer,
              body: { last_name: `Name ${written}` },
            };
          }
          return turn % 2 === 0
            ? {
                name: 'PUT display_name',
                method: 'PUT',
                url,
                token: bearer,
                body: { display_name: `${client} ${turn}` },
              }
            : { name: 'GET', url, token: bearer };
        },
        onOutcome: (outcome, client) => {
          if (client === 0 && isSuccess(outcome)) acknowledged = `Name ${written}`;
        },
      });
      await sleep(2_000);
      expect(tally(load.failures)).toBe('');
      const { pid } = replica;
      const beganAt = performance.now();
      await begin(setup());
      await sleep(OUTAGE_MS);
      const ready = await send({ name: 'ready', url: `${replica.internal}/health/ready` });
      const unknown = await send({
        name: 'unknown key',
        url: `${replica.userService}/users/me`,
        token: forgedToken(realm, 'x'),
      });
      await end(setup());
      const backAt = performance.now();
      await sleep(RECOVERED_WITHIN_MS);
      const healthyAt = performance.now();
      await sleep(2_000);
      const outcomes = await load.stop();
      const during = load.failures;
      const stored = await realm.getUser(person.id);
      const shown = await send({ name: 'GET', url: `${replica.userService}/users/me`, token: bearer });
      const isKept = stored?.lastName === acknowledged && shown.body.data.last_name === acknowledged;
      const recovered = load.since(backAt).find((one) => one.name === 'PUT last_name' && isSuccess(one));
      await record({
        scenario: `Keycloak ${name} for ${Math.round((backAt - beganAt) / 1_000)} s, ${outcomes.length} requests`,
        lost: lossOf(isKept ? 0 : 1, 'acknowledged writes'),
        figures: `${during.length} of ${outcomes.filter(isIssuerOwned).length} requests that need it were 503, slowest ${slowest(during)} ms, first success ${Math.round((recovered?.endedAt ?? Infinity) - backAt)} ms after`,
      });
      expect(during.length).toBeGreaterThan(0);
      expect(
        tally(during.filter((one) => one.status !== 503 || one.retryAfter === null || !isIssuerOwned(one))),
      ).toBe('');
      expect(slowest(outcomes)).toBeLessThan(LATEST_ANSWER_MS);
      expect({ code: ready.status, status: ready.body.data.status }).toEqual({
        code: 200,
        status: 'degraded',
      });
      expect(ready.endedAt - ready.startedAt, 'fast enough for a load balancer').toBeLessThan(PROBE_MS);
      expect([401, 503]).toContain(unknown.status);
      expect(tally(load.since(healthyAt).filter((one) => !isSuccess(one)))).toBe('');
      expect(load.since(healthyAt).filter(isIssuerOwned).length).toBeGreaterThan(0);
      expect({ keycloak: stored?.lastName, postgres: shown.body.data.last_name }).toEqual({
        keycloak: acknowledged,
        postgres: acknowledged,
      });
      expect({ pid: replica.pid, hasEnded: replica.hasEnded }).toEqual({ pid, hasEnded: false });
    },
  );
}
