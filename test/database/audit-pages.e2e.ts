import { DataSource, type Logger } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEventListQuery } from '#libs/audit/audit-events.dto.js';
import { listAuditEvents } from '#libs/audit/audit-events.list.js';
import { identityDataSource } from '#libs/database/identity/identity-data-source.js';
import { AuditEvent } from '#libs/database/shared-entities/audit-event.entity.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const [FEW, MANY] = [1_000, Number(process.env['TEST_AUDIT_ROWS'] || 100_000)];
const MONTHS = 13;
/** Page 1 of 20 events from 15 partitions: each partition's index has to be entered once. */
const MAX_PAGES = 150;

interface Log {
  rows: number;
  database: TestDatabase;
  dataSource: DataSource;
  /** The last statement of TypeORM. */
  last: { sql: string; parameters: unknown[] };
}

const logs: Log[] = [];
beforeAll(async () => {
  for (const rows of [FEW, MANY]) logs.push(await makeLog(rows));
}, 600_000);
afterAll(async () => {
  for (const { dataSource, database } of logs) {
    await dataSource.destroy();
    await database.close();
  }
});

/** A log with all kinds of events over 13 months: one actor and one action caused most of them, one hardly any. */
async function makeLog(rows: number): Promise<Log> {
  const database = await createTestDatabase();
  const last = { sql: '', parameters: [] as unknown[] };
  const logger = {
    logQuery: (sql: string, parameters: unknown[] = []) => Object.assign(last, { sql, parameters }),
  } as unknown as Logger;
  const { options } = identityDataSource(database.url, { statementTimeoutMs: 0 });
  const dataSource = await new DataSource({ ...options, logger, logging: ['query'] }).initialize();
  await dataSource.query(`
    DO $$ BEGIN
      FOR month IN 1..${MONTHS} LOOP
        EXECUTE format('CREATE TABLE identity.%I PARTITION OF identity.audit_events FOR VALUES FROM (%L) TO (%L)',
          'audit_events_old_' || month,
          date_trunc('month', now()) - month * interval '1 month', date_trunc('month', now()) - (month - 1) * interval '1 month');
      END LOOP;
    END $$`);
  await dataSource.query(
    `INSERT INTO identity.audit_events (at, id, action, outcome, actor_issuer, actor_sub, target_type, target_id, details)
     SELECT now() - n * interval '${MONTHS} months' / $1, gen_random_uuid(),
       CASE WHEN n % ($1 / 30) = 1 THEN 'login.failed' ELSE 'session.started' END,
       CASE WHEN n % ($1 / 30) = 1 THEN 'failure' ELSE 'success' END, 'native',
       CASE WHEN n % ($1 / 30) = 0 THEN 'rare' ELSE 'frequent' END, 'account',
       CASE WHEN n % ($1 / 30) = 0 THEN 'rare' ELSE 'target ' || n % 10 END, '{}'
     FROM generate_series(1, $1::int) AS n`,
    [rows],
  );
  await dataSource.query('VACUUM ANALYZE identity.audit_events');
  return { rows, database, dataSource, last };
}

/** The number of 8 KiB pages that a page of the list reads, and its number of events. */
async function cost({ dataSource, last }: Log, query: AuditEventListQuery) {
  const page = await listAuditEvents(dataSource.getRepository(AuditEvent), query);
  const { sql, parameters } = { ...last };
  const [{ 'QUERY PLAN': plan }] = await dataSource.query(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${sql}`,
    parameters,
  );
  const top = plan[0].Plan;
  return { pages: top['Shared Hit Blocks'] + top['Shared Read Blocks'], events: page.items.length, page };
}

const QUERIES: [string, (span: number) => AuditEventListQuery][] = [
  ['without a filter', () => ({})],
  ['of a frequent action', () => ({ action: 'session.started' })],
  ['of a rare action', () => ({ action: 'login.failed' })],
  ['of an action with its outcome', () => ({ action: 'login.failed', outcome: 'failure' })],
  ['of the frequent outcome', () => ({ outcome: 'success' })],
  ['of the rare outcome', () => ({ outcome: 'failure' })],
  ['of a frequent actor', () => ({ actor: 'native:frequent' })],
  ['of a rare actor', () => ({ actor: 'rare' })],
  ['of a frequent target', () => ({ target: 'account:target 3' })],
  ['of a rare target', () => ({ target: 'account:rare' })],
  ['from a time on', (span) => ({ from: daysAgo(span / 2), sort: 'at' })],
  ['before a time', (span) => ({ to: daysAgo(span / 2) })],
  [
    'of a frequent actor within a period',
    (span) => ({ actor: 'frequent', from: daysAgo(span * 0.9), to: daysAgo(span * 0.1) }),
  ],
];

const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();

describe('a page of the audit log costs the same in a small and a large one', () => {
  it.each(QUERIES)('%s', async (_name, make) => {
    const query = make(MONTHS * 30);
    for (const log of logs) {
      const first = await cost(log, query);
      const next = await cost(log, { ...query, cursor: first.page.nextCursor as string });
      const title = `${log.rows} rows`;
      expect([title, first.events]).toEqual([title, 20]);
      expect(first.pages, title).toBeLessThan(MAX_PAGES);
      expect(next.pages, title).toBeLessThan(MAX_PAGES);
    }
  });

  it('and one that contradicts itself reads nothing', async () => {
    for (const log of logs) {
      expect(await cost(log, { action: 'session.started', outcome: 'failure' })).toMatchObject({
        pages: 0,
        events: 0,
      });
    }
  });
});
