import { Agent } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Account } from '#libs/database/identity/account.entity.js';
import { Role } from '#libs/database/identity/role.entity.js';
import { Factories } from '../support/factories.js';
import { Replica } from './support/replica.js';
import { lossOf, record } from './support/report.js';
import { isSuccess, type Outcome, send, slowest, tally } from './support/request.js';
import { logIn, openTestEnvironment, type TestEnvironment } from './support/test-environment.js';

const ROUNDS = 100;
const MAX_FAILURES = 10;
/** One failure in a hundred races is a defect: no retry. */
const ONCE = { retry: 0 };

let environment: TestEnvironment;
let replicas: [Replica, Replica];
beforeAll(async () => {
  environment = await openTestEnvironment();
  const start = () => Replica.start(environment.checkout, 'all', environment.env);
  replicas = await Promise.all([start(), start()]);
});
afterAll(async () => {
  await Promise.all((replicas ?? []).map((replica) => replica.kill()));
  await environment?.close();
});

const idp = (replica: 0 | 1, path: string) => `${replicas[replica].identityProvider}/api/v1${path}`;

const patch = (replica: 0 | 1, path: string, token: string, body: object) =>
  send({ name: `PATCH ${path.split('/')[1]}`, method: 'PATCH', url: idp(replica, path), token, body });

it(
  'the last two admins demote or disable each other at the same time: one of them always remains',
  ONCE,
  async () => {
    const admins = await Promise.all([environment.account('admin'), environment.account('admin')]);
    const [one, other] = admins as [Account, Account];
    const { id: userRole } = await environment.identity.manager.findOneByOrFail(Role, { name: 'user' });
    let violations = 0;
    const answers: Outcome[] = [];
    let tokens = await Promise.all(admins.map((admin) => logIn(replicas[0].identityProvider, admin)));
    for (let round = 0; round < ROUNDS; round += 1) {
      // A disabled account needs a new login afterwards, which costs a bcrypt hash: only every fifth round disables.
      const change = round % 5 === 0 ? { status: 'disabled' } : { role_id: userRole };
      const swapped = (round % 2) as 0 | 1;
      const both = await Promise.all([
        patch(swapped, `/accounts/${other.id}`, tokens[0] as string, change),
        patch(swapped === 0 ? 1 : 0, `/accounts/${one.id}`, tokens[1] as string, change),
      ]);
      answers.push(...both);
      const [left] = await environment.identity.query(
        `SELECT count(*)::int AS admins FROM identity.accounts a JOIN identity.roles r ON r.id = a.role_id
        WHERE a.status = 'active' AND r.name = 'admin'`,
      );
      if (left.admins < 1 || both.filter(isSuccess).length !== 1) violations += 1;
      await restore(one, other);
      if (!(await areValid(tokens)))
        tokens = await Promise.all(admins.map((admin) => logIn(replicas[0].identityProvider, admin)));
    }
    await record({
      scenario: `${ROUNDS} races for the last admin on two replicas`,
      lost: lossOf(violations, 'violations'),
      figures: tally(answers),
    });
    expect(violations).toBe(0);
    expect(new Set(answers.map(({ status }) => status))).not.toContain(500);
  },
);

/** Makes both accounts admins again in the database, and invalidates the caches of all replicas. */
async function restore(...admins: Account[]): Promise<void> {
  await environment.identity.query(
    `UPDATE identity.accounts SET status = 'active', role_id = $1 WHERE id = ANY($2)`,
    [admins[0]?.roleId, admins.map(({ id }) => id)],
  );
  await environment.identity.query('UPDATE identity.authority SET version = version + 1');
}

async function areValid(tokens: string[]): Promise<boolean> {
  const answers = await Promise.all(
    tokens.map((token) => send({ name: 'me', url: idp(0, '/auth/me'), token })),
  );
  return answers.every(isSuccess);
}

it('two roles become each other’s parent at the same time: never a cycle', ONCE, async () => {
  const token = await logIn(replicas[0].identityProvider, await environment.account('admin'));
  const make = new Factories(environment.identity);
  const [a, b] = await Promise.all([make.role(), make.role()]);
  let violations = 0;
  const answers: Outcome[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const both = await Promise.all([
      patch(0, `/roles/${a.id}`, token, { parent_id: b.id }),
      patch(1, `/roles/${b.id}`, token, { parent_id: a.id }),
    ]);
    answers.push(...both);
    const rows = await environment.identity.query(
      'SELECT id FROM identity.roles WHERE id IN ($1, $2) AND parent_id IN ($1, $2)',
      [a.id, b.id],
    );
    if (rows.length !== 1 || both.filter(isSuccess).length !== 1) violations += 1;
    await environment.identity.query('UPDATE identity.roles SET parent_id = NULL WHERE id IN ($1, $2)', [
      a.id,
      b.id,
    ]);
    await environment.identity.query('UPDATE identity.authority SET version = version + 1');
  }
  await record({
    scenario: `${ROUNDS} races for a cycle of roles on two replicas`,
    lost: lossOf(violations, 'violations'),
    figures: tally(answers),
  });
  expect(violations).toBe(0);
  expect(tally(answers.filter((answer) => !isSuccess(answer) && answer.status !== 422))).toBe('');
});

it('1,000 first calls of one person on two replicas: one row', ONCE, async () => {
  const account = await environment.account('user');
  const token = await logIn(replicas[0].identityProvider, account);
  // No more concurrent requests than the pools of two replicas can serve on a slow machine.
  const agent = new Agent({ keepAlive: true, maxSockets: 50 });
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, (_, index) =>
      send(
        {
          name: 'GET /users/me',
          url: `${replicas[(index % 2) as 0 | 1].userService}/users/me`,
          token,
        },
        agent,
      ),
    ),
  );
  agent.destroy();
  const rows = await environment.identity.query('SELECT user_id FROM users.identities WHERE sub = $1', [
    account.id,
  ]);
  const users = await environment.identity.query('SELECT id FROM users.users');
  const others = answers.filter((answer) => !isSuccess(answer) || answer.body.data.id !== rows[0]?.user_id);
  await record({
    scenario: '1,000 first calls of one person on two replicas',
    lost: lossOf(others.length, 'requests'),
    figures: `${rows.length} row, slowest ${slowest(answers)} ms`,
  });
  expect(tally(others)).toBe('');
  expect({ identities: rows.length, users: users.length }).toEqual({ identities: 1, users: 1 });
});

it('50 concurrent wrong logins on two replicas: no more are tried than the limit allows', ONCE, async () => {
  const { email } = await environment.account('user');
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      send({
        name: 'login',
        method: 'POST',
        url: idp((index % 2) as 0 | 1, '/auth/login'),
        body: { email, password: `guess ${index}` },
      }),
    ),
  );
  const tried = answers.filter(({ status }) => status === 401).length;
  const refused = answers.filter(({ status }) => status === 429);
  await record({
    scenario: '50 concurrent wrong logins on two replicas',
    lost: lossOf(Math.max(0, tried - MAX_FAILURES), 'tries above the limit'),
    figures: tally(answers),
  });
  expect(tried).toBeGreaterThan(0);
  expect(tried).toBeLessThanOrEqual(MAX_FAILURES);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.every(({ retryAfter }) => Number(retryAfter) > 0)).toBe(true);
  expect(answers.filter(({ status }) => ![401, 429, 503].includes(status ?? 0))).toEqual([]);
});
