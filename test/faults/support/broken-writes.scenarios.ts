import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { TcpProxy } from '../../support/tcp-proxy.js';
import type { Replica } from './replica.js';
import { record } from './report.js';
import { type Outcome, send, tally } from './request.js';

export interface BrokenWrites {
  /** The issuer's name, for the report. */
  issuer: string;
  userService: Replica;
  /** Between user-service and the owner of the names: Keycloak or identity-provider. */
  directory: TcpProxy;
  /** Between user-service and its Postgres. */
  database: TcpProxy;
  /** Matches the first line of the request that changes the name at its owner. */
  change: RegExp;
  token: string;
  /** The last name that its owner has stored. */
  nameAtOwner(): Promise<string | null | undefined>;
}

/** 2 s for the directory, and the rest for a busy machine. */
const LATEST_ANSWER_MS = 3_000;

interface Step {
  name: string;
  /** Before the request, or as soon as the change has been sent to the directory. */
  when: 'before' | 'at the change';
  inject(setup: BrokenWrites): Promise<unknown>;
  repair(setup: BrokenWrites): Promise<unknown>;
  /** The status that the client receives; null: its connection breaks. */
  status: 503 | null;
  /** Whether the owner then has the new name; null: both are possible. */
  reachesOwner: boolean | null;
}

const pass = (proxy: TcpProxy) => proxy.set({ kind: 'pass' });

const STEPS: Step[] = [
  {
    name: 'the directory is unreachable',
    when: 'before',
    inject: ({ directory }) => directory.set({ kind: 'refuse' }),
    repair: ({ directory }) => pass(directory),
    status: 503,
    reachesOwner: false,
  },
  {
    name: "the directory's response is lost",
    when: 'at the change',
    inject: ({ directory }) => directory.set({ kind: 'swallow' }),
    repair: async ({ directory }) => {
      await pass(directory);
      directory.disconnect();
    },
    status: 503,
    reachesOwner: true,
  },
  {
    name: 'Postgres goes down before the write',
    when: 'at the change',
    inject: ({ database }) => database.set({ kind: 'refuse' }),
    repair: ({ database }) => pass(database),
    status: 503,
    reachesOwner: true,
  },
  {
    name: 'Postgres stops answering before the write',
    when: 'at the change',
    inject: ({ database }) => database.set({ kind: 'freeze' }),
    repair: ({ database }) => pass(database),
    status: 503,
    reachesOwner: true,
  },
  {
    name: 'the process is killed between both writes',
    when: 'at the change',
    inject: ({ userService }) => userService.kill(),
    repair: ({ userService }) => userService.start(),
    status: null,
    reachesOwner: null,
  },
];

/** A `PUT /users/me` that fails at each of its steps: the response is truthful, and repeating the request converges. */
export function testBrokenWrites(setup: () => BrokenWrites): void {
  it.each(STEPS)('PUT /users/me: $name; repeating it converges', async (step) => {
    const { issuer, userService, token, nameAtOwner } = setup();
    const url = `${userService.userService}/users/me`;
    const shown = async () => (await send({ name: 'GET', url, token })).body?.data;
    const before = await shown();
    const body = { last_name: `After ${step.name.slice(0, 20)}`, display_name: step.name };
    const put = { name: 'PUT', method: 'PUT', url, token, body };

    const broken = await sendWithFault(step, setup(), () => send(put));
    const reached = (await nameAtOwner()) === body.last_name;
    await step.repair(setup());
    const meanwhile = await untilShown(shown);
    const again = await send(put);
    const after = { postgres: await shown(), owner: await nameAtOwner() };
    const converged =
      after.owner === body.last_name &&
      after.postgres?.last_name === body.last_name &&
      after.postgres?.display_name === body.display_name;
    await record({
      scenario: `PUT /users/me (${issuer}): ${step.name}`,
      lost: converged ? 'nothing' : 'the second write',
      figures: `${broken.status ?? broken.error} after ${Math.round(broken.endedAt - broken.startedAt)} ms, the owner ${reached ? 'has it' : 'does not have it'}; repeated: ${again.status}`,
    });

    expect(broken.status, tally([broken])).toBe(step.status);
    expect(broken.endedAt - broken.startedAt).toBeLessThan(LATEST_ANSWER_MS);
    if (step.status === 503) expectNamedFields(broken);
    if (step.reachesOwner !== null) expect(reached).toBe(step.reachesOwner);
    if (step.reachesOwner === false) expect(meanwhile, 'Postgres is unchanged').toEqual(before);
    expect(again.status, tally([again])).toBe(200);
    expect(after).toMatchObject({ owner: body.last_name, postgres: body });
  });
}

async function sendWithFault(step: Step, setup: BrokenWrites, act: () => Promise<Outcome>): Promise<Outcome> {
  if (step.when === 'before') {
    await step.inject(setup);
    return act();
  }
  const known = setup.directory.requests.length;
  const acting = act();
  while (!setup.directory.requests.slice(known).some((line) => setup.change.test(line))) await turn();
  await step.inject(setup);
  return acting;
}

function expectNamedFields({ body, retryAfter }: Outcome): void {
  expect(Number(retryAfter)).toBeGreaterThan(0);
  const fields = body.errors.map(({ field }: { field: string }) => field);
  expect(fields.length).toBeGreaterThan(0);
  expect(['last_name', 'display_name']).toEqual(expect.arrayContaining(fields));
}

/** After an outage the next responses may still be 503. */
async function untilShown(shown: () => Promise<unknown>): Promise<unknown> {
  const since = performance.now();
  for (let found = await shown(); ; found = await shown()) {
    if (found) return found;
    if (performance.now() - since > 3_000) throw new Error('GET /users/me does not recover.');
    await sleep(100);
  }
}
