import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliCheckout, type Variables } from '../cli/cli-checkout.js';
import { CALLBACK } from '../support/openid-provider.js';
import { startPostgres } from '../support/postgres-server.js';
import { checkOutBuild, findPreviousCommit } from '../support/previous-build.js';
import { balancedUrls, type LoadBalancer, startHaproxy } from './support/haproxy.js';
import { Load } from './support/load.js';
import { codeSteps, type Step } from './support/oauth-flows.js';
import { Replica } from './support/replica.js';
import { lossOf, record } from './support/report.js';
import { type Call, isSuccess, type Outcome, send, slowest, tally } from './support/request.js';
import { logIn, PASSWORD, productionSettings } from './support/test-environment.js';

const CLIENTS = 6;
const ADMIN = { email: 'admin@example.org' };
const SESSION_ROUTES = ['/api/v1/auth/me', '/api/v1/auth/sessions'];

const previous = await findPreviousCommit();
const closers: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

describe.skipIf(previous === null)('an upgrade from the previous build', () => {
  let old: CliCheckout;
  let current: CliCheckout;
  let env: Variables;
  let oldReplicas: Replica[];
  let newReplicas: Replica[];
  let balancer: LoadBalancer;
  let adminToken: string;
  let people: Person[];

  beforeAll(async () => {
    [old, current] = await Promise.all([checkOutBuild(previous as string), CliCheckout.make()]);
    closers.push(
      () => old.close(),
      () => current.close(),
    );
    const postgres = await startPostgres();
    closers.push(() => postgres.close());
    const urls = await balancedUrls();
    env = {
      ...(await productionSettings(current, postgres.url)),
      IDENTITY_PROVIDER_URL: urls.identityProvider,
      TRUST_PROXY: 'loopback',
      REFRESH_TOKEN_DAYS: '30',
    };
    await succeed(old.twinkey(['migrate'], env));
    await succeed(old.twinkey(['seed', '--admin-email', ADMIN.email], env, `${PASSWORD}\n`));
    const replicasOf = (checkout: CliCheckout) =>
      Promise.all([1, 2].map(() => Replica.prepare(checkout, 'all', env)));
    [oldReplicas, newReplicas] = await Promise.all([replicasOf(old), replicasOf(current)]);
    closers.push(() => Promise.all([...oldReplicas, ...newReplicas].map((replica) => replica.kill())));
    await Promise.all(oldReplicas.map((replica) => replica.start()));
    balancer = await startHaproxy(urls, [...oldReplicas, ...newReplicas]);
    closers.push(() => balancer.close());
    adminToken = await logIn(oldReplicas[0]?.identityProvider as string, ADMIN);
    await createClient();
    people = await createPeople();
  });

  it('no request fails: the schema is migrated, new replicas join, the old ones end', async () => {
    const load = new Load({
      clients: CLIENTS,
      perSecond: 24,
      next: (client, turn) => (people[client] as Person).next(balancer, turn),
      onOutcome: (outcome, client) => (people[client] as Person).onOutcome(outcome),
    });
    const phases: { name: string; since: number }[] = [];
    const enter = (name: string) => phases.push({ name, since: performance.now() });
    enter('before');
    const beforeTheUpgrade = await begin(1);
    await sleep(1_000);
    enter('migration');
    await succeed(current.twinkey(['migrate'], env));
    enter('old replicas on the new schema');
    const status = JSON.parse((await succeed(old.twinkey(['migrate', 'status', '--json'], env))).stdout);
    expect(status.pending).toBe(0);
    const afterTheMigration = await begin(3);
    enter('start of the new replicas');
    for (const replica of newReplicas) await replica.start();
    enter('both');
    // Any build answers any step.
    await finish(await begin(0), await begin(0));
    const whileBothServe = await begin(1);
    await exchangeSessions();
    enter('end of the old replicas');
    const stops = await Promise.all(oldReplicas.map((replica) => replica.stop()));
    enter('new replicas alone');
    await finish(beforeTheUpgrade, afterTheMigration, whileBothServe);
    await sleep(1_000);
    const outcomes = await load.stop();
    await record({
      scenario: `upgrade from ${previous}, ${outcomes.length} requests`,
      lost: lossOf(load.failures.length, 'requests'),
      figures: `slowest request ${slowest(outcomes)} ms`,
    });
    const phaseOf = ({ startedAt }: Outcome) => phases.findLast(({ since }) => since <= startedAt)?.name;
    expect(
      tally(load.failures.map((failure) => ({ ...failure, name: `${phaseOf(failure)}: ${failure.name}` }))),
    ).toBe('');
    expect(new Set(outcomes.map(({ name }) => name)).size).toBe(6);
    expect(stops.map(({ code }) => code)).toEqual([0, 0]);
  });

  async function createClient(): Promise<void> {
    await asAdmin('POST', '/clients', {
      client_id: 'frontend',
      name: 'Frontend',
      type: 'public',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: [CALLBACK],
      first_party: true,
    });
  }

  async function createPeople(): Promise<Person[]> {
    const [role] = await asAdmin('GET', '/roles?q=user');
    return Promise.all(
      Array.from({ length: CLIENTS }, async (_, index) => {
        const email = `person-${index}@example.org`;
        await asAdmin('POST', '/accounts', { email, password: PASSWORD, role_id: role.id });
        return new Person(email, await signIn(balancer.identityProvider, email), adminToken);
      }),
    );
  }

  // biome-ignore lint/suspicious/noExplicitAny: of any route
  async function asAdmin(method: string, path: string, body?: unknown): Promise<any> {
    const url = `${balancer.identityProvider}/api/v1${path}`;
    const outcome = await send({ name: path, method, url, token: adminToken, body });
    expect([path, outcome.status, outcome.body.errors ?? []]).toEqual([path, expect.any(Number), []]);
    return outcome.body.data;
  }

  /** Sign-ins at the pages, of which as many steps are done. @returns the remaining steps */
  async function begin(steps: number): Promise<Step[]> {
    const sending = { address: balancer.identityProvider, patienceMs: 0 };
    const all = codeSteps(env['JWT_ISSUER'] as string, `person-${steps}@example.org`, sending);
    for (const step of all.slice(0, steps)) await step();
    return all.slice(steps);
  }

  async function finish(...flows: Step[][]): Promise<void> {
    for (const flow of flows) for (const step of flow) await step();
  }

  /** What one build has issued is accepted and refreshed by the other one. */
  async function exchangeSessions(): Promise<void> {
    const [[from], [to]] = [oldReplicas, newReplicas] as [[Replica], [Replica]];
    for (const [issuer, other] of [
      [from, to],
      [to, from],
    ] as const) {
      const session = await signIn(issuer.identityProvider, 'person-0@example.org');
      const refreshed = await refresh(other.identityProvider, session);
      expect(await refresh(issuer.identityProvider, refreshed)).not.toEqual(refreshed);
      for (const { token } of [session, refreshed]) {
        for (const replica of [issuer, other]) {
          const urls = [
            ...SESSION_ROUTES.map((path) => `${replica.identityProvider}${path}`),
            `${replica.userService}/users/me`,
            `${replica.internal}/users/username/person-0@example.org`,
          ];
          const answers = await Promise.all(urls.map((url) => send({ name: url, url, token })));
          expect(tally(answers.filter((answer) => !isSuccess(answer)))).toBe('');
        }
      }
    }
  }
});

interface Session {
  token: string;
  refreshToken: string;
}

/** A user whose session goes on during the whole upgrade, and who sometimes signs in again. */
class Person {
  constructor(
    private readonly email: string,
    private session: Session,
    private readonly adminToken: string,
  ) {}

  next({ identityProvider, userService }: LoadBalancer, turn: number): Call {
    const { token } = this.session;
    switch (turn % 8) {
      case 0:
        return refreshCall(identityProvider, this.session);
      case 1:
        return loginCall(identityProvider, this.email);
      case 2:
      case 3:
        return { name: 'GET /users/me', url: `${userService}/users/me`, token };
      case 4:
        return {
          name: 'PUT /users/me',
          method: 'PUT',
          url: `${userService}/users/me`,
          token,
          body: { settings: { turn } },
        };
      case 5:
        return { name: 'GET /users', url: `${userService}/users?limit=5`, token: this.adminToken };
      default:
        return { name: 'GET /auth/me', url: `${identityProvider}/api/v1/auth/me`, token };
    }
  }

  onOutcome(outcome: Outcome): void {
    if (outcome.name === 'POST /auth/refresh' && isSuccess(outcome)) this.session = outcome.body.data;
  }
}

const loginCall = (identityProvider: string, email: string): Call => ({
  name: 'POST /auth/login',
  method: 'POST',
  url: `${identityProvider}/api/v1/auth/login`,
  body: { email, password: PASSWORD },
});

const refreshCall = (identityProvider: string, { refreshToken }: Session): Call => ({
  name: 'POST /auth/refresh',
  method: 'POST',
  url: `${identityProvider}/api/v1/auth/refresh`,
  body: { refresh_token: refreshToken },
});

async function sessionOf(call: Call): Promise<Session> {
  const outcome = await send(call);
  expect(tally([outcome])).toBe(`${call.name} 200 ×1`);
  return outcome.body.data;
}

const signIn = (url: string, email: string) => sessionOf(loginCall(url, email));
const refresh = (url: string, session: Session) => sessionOf(refreshCall(url, session));

async function succeed<T extends { code: number | null; stderr: string }>(running: Promise<T>): Promise<T> {
  const result = await running;
  expect(result).toMatchObject({ code: 0, stderr: '' });
  return result;
}
