import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { TcpProxy } from '../../support/tcp-proxy.js';
import { record } from './ledger.js';
import type { Replica } from './replica.js';
import { type Outcome, send, tally } from './request.js';

export interface BrokenWrites {
  /** The issuer's name, for the table. */
  issuer: string;
  userService: Replica;
  /** Between user-service and who owns the names: Keycloak, or identity-provider. */
  directory: TcpProxy;
  /** Between user-service and its Postgres. */
  database: TcpProxy;
  /** The first line of the request that changes the name there. */
  change: RegExp;
  token: string;
  /** The last name as its owner holds it. */
  ownersName(): Promise<string | null | undefined>;
}

/** Two seconds for the directory, and what a busy machine adds. */
const LATEST_ANSWER_MS = 3_000;

interface Step {
  name: string;
  /** At the beginning, or as soon as the change has left for the directory. */
  when: 'at first' | 'at the change';
  breakIt(site: BrokenWrites): Promise<unknown>;
  mend(site: BrokenWrites): Promise<unknown>;
  /** What the client hears; null: his connection breaks. */
  status: 503 | null;
  /** Whether its owner has the new name by then; null: either. */
  reachesOwner: boolean | null;
}

const pass = (proxy: TcpProxy) => proxy.set({ kind: 'pass' });

const STEPS: Step[] = [
  {
    name: 'the directory is away',
    when: 'at first',
    breakIt: ({ directory }) => directory.set({ kind: 'refuse' }),
    mend: ({ directory }) => pass(directory),
    status: 503,
    reachesOwner: false,
  },
  {
    name: "the directory's answer is lost",
    when: 'at the change',
    breakIt: ({ directory }) => directory.set({ kind: 'swallow' }),
    mend: async ({ directory }) => {
      await pass(directory);
      directory.disconnect();
    },
    status: 503,
    reachesOwner: true,
  },
  {
    name: 'Postgres goes away before it is written',
    when: 'at the change',
    breakIt: ({ database }) => database.set({ kind: 'refuse' }),
    mend: ({ database }) => pass(database),
    status: 503,
    reachesOwner: true,
  },
  {
    name: 'Postgres falls silent before it is written',
    when: 'at the change',
    breakIt: ({ database }) => database.set({ kind: 'freeze' }),
    mend: ({ database }) => pass(database),
    status: 503,
    reachesOwner: true,
  },
  {
    name: 'the process is killed between the two',
    when: 'at the change',
    breakIt: ({ userService }) => userService.kill(),
    mend: ({ userService }) => userService.start(),
    status: null,
    reachesOwner: null,
  },
];

/** `PUT /users/me` that breaks at each of its steps: told truly, and the same again converges. */
export function testBrokenWrites(site: () => BrokenWrites): void {
  it.each(STEPS)('PUT /users/me: $name; the same again converges', async (step) => {
    const { issuer, userService, token, ownersName } = site();
    const url = `${userService.userService}/users/me`;
    const shown = async () => (await send({ name: 'GET', url, token })).body?.data;
    const before = await shown();
    const body = { last_name: `After ${step.name.slice(0, 20)}`, display_name: step.name };
    const put = { name: 'PUT', method: 'PUT', url, token, body };

    const broken = await breakWhile(step, site(), () => send(put));
    const reached = (await ownersName()) === body.last_name;
    await step.mend(site());
    const meanwhile = await untilShown(shown);
    const again = await send(put);
    const after = { postgres: await shown(), owner: await ownersName() };
    const converged =
      after.owner === body.last_name &&
      after.postgres?.last_name === body.last_name &&
      after.postgres?.display_name === body.display_name;
    await record({
      done: `PUT /users/me (${issuer}): ${step.name}`,
      lost: converged ? 'nothing' : 'the second write',
      figures: `${broken.status ?? broken.error} after ${Math.round(broken.endedAt - broken.startedAt)} ms, the owner ${reached ? 'has it' : 'does not have it'}; again: ${again.status}`,
    });

    expect(broken.status, tally([broken])).toBe(step.status);
    expect(broken.endedAt - broken.startedAt).toBeLessThan(LATEST_ANSWER_MS);
    if (step.status === 503) expectNamedFields(broken);
    if (step.reachesOwner !== null) expect(reached).toBe(step.reachesOwner);
    if (step.reachesOwner === false) expect(meanwhile, 'Postgres is as it was').toEqual(before);
    expect(again.status, tally([again])).toBe(200);
    expect(after).toMatchObject({ owner: body.last_name, postgres: body });
  });
}

async function breakWhile(step: Step, site: BrokenWrites, act: () => Promise<Outcome>): Promise<Outcome> {
  if (step.when === 'at first') {
    await step.breakIt(site);
    return act();
  }
  const known = site.directory.requests.length;
  const acting = act();
  while (!site.directory.requests.slice(known).some((line) => site.change.test(line))) await turn();
  await step.breakIt(site);
  return acting;
}

function expectNamedFields({ body, retryAfter }: Outcome): void {
  expect(Number(retryAfter)).toBeGreaterThan(0);
  const fields = body.errors.map(({ field }: { field: string }) => field);
  expect(fields.length).toBeGreaterThan(0);
  expect(['last_name', 'display_name']).toEqual(expect.arrayContaining(fields));
}

/** After a mended outage the next answers may still be 503. */
async function untilShown(shown: () => Promise<unknown>): Promise<unknown> {
  const since = performance.now();
  for (let found = await shown(); ; found = await shown()) {
    if (found) return found;
    if (performance.now() - since > 3_000) throw new Error('GET /users/me does not recover.');
    await sleep(100);
  }
}
