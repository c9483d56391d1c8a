import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliCheckout, type RunningCommand, type Variables } from '../cli/cli-checkout.js';
import { DURABLE, type PostgresServer, runSql, startPostgres } from '../support/postgres-server.js';
import { lossOf, record } from './support/report.js';

const CONCURRENT = 10;

let checkout: CliCheckout;
let postgres: PostgresServer;
let env: Variables;
beforeAll(async () => {
  checkout = await CliCheckout.make();
  postgres = await startPostgres(DURABLE);
  env = { ENVIRONMENT: 'test', DATABASE_URL: postgres.url, BCRYPT_COST: '10' };
});
afterAll(async () => {
  await checkout?.close();
  await postgres?.close();
});

/** Detects a running `migrate` or `seed`: an open transaction with writes, or the lock of a migration. */
const IN_PROGRESS = `SELECT count(*)::int AS found FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND (xact_start IS NOT NULL AND backend_xid IS NOT NULL
      OR pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted))`;

it('ten concurrent migrate, one killed in between: the others succeed, the schema is created once', async () => {
  const ended = await tenWithOneKilled('migrate');
  const applied = await runSql(
    postgres.url,
    'SELECT name FROM identity.migrations UNION ALL SELECT name FROM users.migrations',
  );
  const again = await checkout.twinkey(['migrate', 'status', '--json'], env);
  const failed = ended.filter(({ code }) => code !== 0);
  await record({
    scenario: `${CONCURRENT} concurrent migrate, one killed in between`,
    lost: lossOf(failed.length, 'runs'),
    figures: `${applied.length} migrations, each once`,
  });
  expect(failed).toEqual([]);
  const schemas: { migrations: { name: string; applied: boolean }[] }[] = JSON.parse(again.stdout).schemas;
  const known = schemas.flatMap(({ migrations }) => migrations);
  expect(known.every((migration) => migration.applied)).toBe(true);
  expect(applied.map(({ name }) => name).sort()).toEqual(known.map(({ name }) => name).sort());
});

it('ten concurrent seed, one killed in between: the others succeed, every row exists once', async () => {
  const ended = await tenWithOneKilled('seed');
  const [rows] = await runSql(
    postgres.url,
    'SELECT (SELECT count(*)::int FROM identity.accounts) AS accounts, (SELECT count(*)::int FROM identity.roles) AS roles',
  );
  const again = await checkout.twinkey(['seed'], env);
  const failed = ended.filter(({ code }) => code !== 0);
  await record({
    scenario: `${CONCURRENT} concurrent seed, one killed in between`,
    lost: lossOf(failed.length, 'runs'),
    figures: `${rows?.['accounts']} accounts, ${rows?.['roles']} roles`,
  });
  expect(failed).toEqual([]);
  expect(rows).toEqual({ accounts: 2, roles: 2 });
  expect(again).toMatchObject({ code: 0, stdout: 'Nothing had to be added.\n' });
});

/**
 * Starts a first process, suspends it in the middle of its work, starts nine others, and kills the first.
 * @returns the results of the nine
 */
async function tenWithOneKilled(command: string) {
  const first = checkout.start([command], env);
  await suspendInProgress(first, command);
  const others = Array.from({ length: CONCURRENT - 1 }, () => checkout.start([command], env));
  await sleep(3_000);
  first.child.kill('SIGKILL');
  expect((await first.ended).code).toBe(null);
  return Promise.all(others.map(({ ended }) => ended));
}

async function suspendInProgress({ child }: RunningCommand, command: string): Promise<void> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  try {
    while (child.exitCode === null) {
      if ((await client.query(IN_PROGRESS)).rows[0].found === 0) continue;
      child.kill('SIGSTOP');
      // Its transaction may have ended before it was suspended.
      await sleep(100);
      if ((await client.query(IN_PROGRESS)).rows[0].found > 0) return;
      child.kill('SIGCONT');
    }
    throw new Error(`twinkey ${command} ended before it could be suspended.`);
  } finally {
    await client.end();
  }
}
