import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { runSql } from '../support/postgres-server.js';
import { CliCheckout, ONE_LINE, type Variables } from './cli-checkout.js';

const MANY = 50_000;

let checkout: CliCheckout;
let database: TestDatabase;
let env: Variables;
beforeAll(async () => {
  checkout = await CliCheckout.make();
  database = await createTestDatabase();
  env = { ENVIRONMENT: 'development', DATABASE_URL: database.url, BCRYPT_COST: '10' };
  await runSql(
    database.url,
    `INSERT INTO identity.audit_events (at, id, action, outcome, target_type, target_id, details)
       SELECT '2026-01-01T00:00:00Z'::timestamptz + n * interval '2 s', gen_random_uuid(), 'role.created', 'success',
         'role', n, jsonb_build_object('after', repeat('x', 200)) FROM generate_series(1, ${MANY}) AS n;
     INSERT INTO users.audit_events (at, id, action, outcome, target_type, target_id, address)
       SELECT '2026-01-01T00:00:01Z'::timestamptz + n * interval '2 s', gen_random_uuid(), 'user.provisioned', 'success',
         'user', n, '203.0.113.9' FROM generate_series(1, 10) AS n`,
  );
});
afterAll(async () => {
  await checkout?.close();
  await database?.close();
});

const audit = (...args: string[]) => checkout.twinkey(['audit', ...args], env);
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('audit export', () => {
  it('prints the events of both apps as JSON lines, in the order of time', async () => {
    const { code, stdout, stderr } = await audit(
      'export',
      '--from',
      '2026-01-01',
      '--to',
      '2026-01-01T00:00:09Z',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(linesOf(stdout).map(({ at, target }) => [at.slice(17, 19), target.type])).toEqual([
      ['02', 'role'],
      ['03', 'user'],
      ['04', 'role'],
      ['05', 'user'],
      ['06', 'role'],
      ['07', 'user'],
      ['08', 'role'],
    ]);
    expect(linesOf(stdout)[1]).toEqual({
      id: expect.any(String),
      at: '2026-01-01T00:00:03.000Z',
      action: 'user.provisioned',
      outcome: 'success',
      actor: null,
      target: { type: 'user', id: '1' },
      client_id: null,
      session_id: null,
      address: '203.0.113.9',
      user_agent: null,
      request_id: null,
      details: {},
    });
  });

  it('prints every event once, over all batches', async () => {
    const { code, stdout } = await audit('export', '--from', '2026-01-01', '--to', '2026-02-01');
    expect(code).toBe(0);
    const lines = linesOf(stdout);
    expect(lines).toHaveLength(MANY + 10);
    expect(new Set(lines.map(({ id }) => id)).size).toBe(MANY + 10);
    expect(lines.map(({ at }) => at)).toEqual(lines.map(({ at }) => at).toSorted());
  });

  it('reads no more than its reader takes', async () => {
    const { child, output, ended } = checkout.start(['audit', 'export'], env);
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect((await ended).code).toBe(0);
    expect(output.stderr).toBe('');
    expect(output.stdout.length).toBeLessThan(1_000_000);
  });

  it('prints one JSON value with --json', async () => {
    const day = await audit('export', '--json', '--to', '2026-01-01T00:00:05Z');
    expect(JSON.parse(day.stdout)).toHaveLength(3);
    const none = await audit('export', '--json', '--from', '2025-01-01', '--to', '2025-02-01');
    expect(none).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
  });

  it('prints nothing for a period without events', async () => {
    expect(await audit('export', '--from', '2025-01-01', '--to', '2025-02-01')).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
  });

  it.each([
    [['export', '--from', 'yesterday'], '--from'],
    [['export', '--to', '2026-02-30'], '--to'],
    [['export', 'all'], 'too many arguments'],
    [['export', '--since', '2026-01-01'], '--since'],
    [[], 'needs a subcommand'],
    [['import'], "no subcommand 'import'"],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await audit(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain(message);
  });

  it('asks to migrate first', async () => {
    const empty = await createEmptyDatabase();
    const { code, stderr } = await checkout.twinkey(['audit', 'export'], { ...env, DATABASE_URL: empty.url });
    await empty.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain('twinkey migrate');
  });
});

it('migrate, seed and keys write what they change', async () => {
  const fresh = await createEmptyDatabase();
  const variables = { ...env, DATABASE_URL: fresh.url };
  for (const args of [['migrate'], ['seed'], ['seed'], ['keys', 'generate', '--write']]) {
    expect(await checkout.twinkey(args, variables)).toMatchObject({ code: 0, stderr: '' });
  }
  const { stdout } = await checkout.twinkey(['audit', 'export'], variables);
  await fresh.close();
  const events = linesOf(stdout).filter(({ action }) => action !== 'permission.created');
  expect(events.map(({ action, actor, details }) => [action, actor, details.command])).toEqual([
    ['role.created', null, 'seed'],
    ['role.created', null, 'seed'],
    ['account.created', null, 'seed'],
    ['account.created', null, 'seed'],
    ['client.created', null, 'seed'],
    ['key.activated', null, 'keys generate --write'],
  ]);
  expect(events[2].details.after).toMatchObject({ email: 'admin@example.com', role: { name: 'admin' } });
  expect(stdout).not.toMatch(/\$2[aby]\$|admin123|PRIVATE KEY/);
  const permissions = linesOf(stdout).filter(({ action }) => action === 'permission.created');
  expect(permissions.map(({ details }) => details.command)).toEqual(permissions.map(() => 'migrate'));
  expect(permissions.map(({ details }) => details.after.name)).toContain('audit:read');
});
