import { setTimeout as sleep } from 'node:timers/promises';
import { Test } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { isUnavailable } from '#libs/database/errors/pg-errors.js';
import { Authority } from '#libs/database/identity/authority.entity.js';
import { identityDataSource } from '#libs/database/identity/identity-data-source.js';
import { IdentityDatabaseModule } from '#libs/database/identity/identity-database.module.js';
import { poolOf, preparedQuery } from '#libs/database/queries/prepared-query.js';
import { bringBack, freeze, shutDown, thaw } from '../support/postgres-outage.js';
import { migrateAll, type PostgresServer, runSql, startPostgres } from '../support/postgres-server.js';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
  await migrateAll(server.url);
});
afterAll(() => server.close());

let dataSource: DataSource;
beforeEach(async () => {
  dataSource = await identityDataSource(server.url, { poolSize: 3 }).initialize();
});
afterEach(() => dataSource.destroy());

const version = { name: 'test_authority', text: 'SELECT version FROM identity.authority', values: [] };

/** Every kind of query that the applications use, and more of them than the pool has connections. */
const requests = () => [
  ...Array.from({ length: 4 }, () => dataSource.getRepository(Authority).find()),
  ...Array.from({ length: 4 }, () => preparedQuery(dataSource, version)),
  dataSource.transaction((manager) => manager.query('SELECT FROM identity.authority FOR UPDATE')),
];

async function expectUnavailableWithin(ms: number): Promise<void> {
  const before = performance.now();
  const answers = await Promise.allSettled(requests());
  expect(performance.now() - before).toBeLessThan(ms);
  for (const answer of answers) {
    expect(answer.status).toBe('rejected');
    expect(isUnavailable((answer as PromiseRejectedResult).reason)).toBe(true);
  }
}

const expectAnswers = () => Promise.all(requests());

describe('a data source', () => {
  it('fails within two seconds while the server is frozen, keeps no dead connection, and recovers', async () => {
    await expectAnswers();
    // Idle for longer than a statement may run without a response.
    await sleep(1_500);
    await expectAnswers();
    await freeze(server);
    try {
      await expectUnavailableWithin(2_000);
      await expectUnavailableWithin(2_000);
      await vi.waitFor(() => expect(poolOf(dataSource).totalCount).toBe(0), { timeout: 2_000 });
    } finally {
      await thaw(server);
    }
    await expectAnswers();
  });

  it('fails in the same way inside a running transaction', async () => {
    const frozen = dataSource.transaction(async (manager) => {
      await manager.query('SELECT FROM identity.authority FOR UPDATE');
      await freeze(server);
      await manager.query('UPDATE identity.authority SET version = version + 1');
    });
    try {
      await expect(frozen).rejects.toSatisfy(isUnavailable);
    } finally {
      await thaw(server);
    }
    // The lock ended with the connection.
    await vi.waitFor(expectAnswers, { timeout: 5_000 });
  });

  it('fails immediately while the server is down, and recovers when it is back', async () => {
    await expectAnswers();
    await shutDown(server);
    await expectUnavailableWithin(1_000);
    await bringBack(server);
    await expectAnswers();
  });

  it('cancels a slow statement in time, and keeps its connection', async () => {
    const slow = dataSource.query('SELECT pg_sleep(10)');
    await expect(slow).rejects.toSatisfy(isUnavailable);
    expect(poolOf(dataSource).totalCount).toBe(1);
    await expectAnswers();
  });

  it('stops waiting for a connection if all are in use', async () => {
    const holders = Array.from({ length: 3 }, () => dataSource.createQueryRunner());
    await Promise.all(holders.map((holder) => holder.connect()));
    await expectUnavailableWithin(1_500);
    await Promise.all(holders.map((holder) => holder.release()));
    await expectAnswers();
  });

  it('keeps an idle connection for longer than a statement may run', async () => {
    await expectAnswers();
    const before = await backends();
    await sleep(1_500);
    await expectAnswers();
    expect(await backends()).toEqual(before);
  });

  it('closes a connection to a read-only standby, so that the next one can reach the primary', async () => {
    const write = () => dataSource.query('UPDATE identity.authority SET version = version + 1');
    await runSql(server.url, 'ALTER SYSTEM SET default_transaction_read_only = on');
    await runSql(server.url, 'SELECT pg_reload_conf()');
    try {
      await vi.waitFor(() => expect(write()).rejects.toSatisfy(isUnavailable));
    } finally {
      await runSql(server.url, 'ALTER SYSTEM RESET default_transaction_read_only');
      await runSql(server.url, 'SELECT pg_reload_conf()');
    }
    await vi.waitFor(() => expect(poolOf(dataSource).totalCount).toBe(0));
    await vi.waitFor(write);
  });

  it('waits for a server that starts a little later than the application', async () => {
    await shutDown(server);
    const starting = Test.createTestingModule({
      imports: [IdentityDatabaseModule.forRoot(server.url)],
    }).compile();
    await sleep(1_000);
    await bringBack(server);
    const app = await starting;
    expect(await app.get(DataSource).getRepository(Authority).count()).toBe(1);
    await app.close();
  });

  it('closes in time while the server is frozen', async () => {
    const other = await identityDataSource(server.url).initialize();
    await freeze(server);
    try {
      const before = performance.now();
      await other.destroy();
      expect(performance.now() - before).toBeLessThan(2_000);
    } finally {
      await thaw(server);
    }
  });
});

const backends = () =>
  runSql(
    server.url,
    `SELECT pid FROM pg_stat_activity WHERE application_name = 'twinkey identity-provider' ORDER BY pid`,
  );
