import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { errorMessage } from '#libs/core/user-facing-error.js';
import { withClient } from '#libs/database/connections/direct-client.js';
import { databaseAdvice } from '#libs/database/errors/database-advice.js';
import { DatabaseProblem } from '#libs/database/errors/database-problem.js';
import { requireReadable } from '#libs/database/migrate/rights.js';
import { isUnsuitable, REPLAY_WAIT_MS } from '#libs/database/replicas/replica-reads.js';
import { HAS_REPLAYED, MISSING, POSITION, type WalPosition } from '#libs/database/replicas/wal-position.js';
import { type DatabaseSchema, replicaDataSourceOf } from '../migrate/schema-migrations.js';
import { broken, type DoctorCheck, ok, skipped, warning } from './check.js';
import { DATABASE_ID, databaseAddress } from './database-address.js';

/** For a larger DATABASE_REPLICA_MAX_LAG_SECONDS. */
const MAX_WAIT_SECONDS = 10;
const PAUSE_MS = 5;
/** How many positions of the primary are waited for. One may come at a bad moment. */
const ATTEMPTS = 3;

interface Primary extends WalPosition {
  id: string;
}

/** Checks that a schema's replica is a standby of the same database, can be read, and does not lag. */
export async function checkReplica(
  name: string,
  schema: DatabaseSchema,
  variable: string,
): Promise<DoctorCheck[]> {
  const url = schema.database.app.replicaUrl;
  if (url === null) return [];
  const check = (client: Client) => checkStandby(name, client, schema, variable);
  try {
    return [await withClient(replicaDataSourceOf(schema), 'twinkey doctor', check, { hasLimits: true })];
  } catch (error) {
    const remedy =
      databaseAdvice(error, url, variable) ?? `Check the log of the replica, or correct ${variable}.`;
    return [broken(name, `${databaseAddress(url)} cannot be used: ${errorMessage(error)}.`, remedy)];
  }
}

/**
 * @returns null if the primary cannot be reached, which another check reports
 * @throws DatabaseProblem if it does not tell its position, as the apps ask for it
 */
async function findPrimary({ dataSource }: DatabaseSchema, variable: string): Promise<Primary | null> {
  try {
    return await withClient(dataSource, 'twinkey doctor', async (client) => {
      const [position] = (await client.query<WalPosition>(POSITION)).rows;
      const [database] = (await client.query<{ id: string }>(DATABASE_ID)).rows;
      return { ...position, ...database } as Primary;
    });
  } catch (error) {
    if (!isUnsuitable(error)) return null;
    throw new DatabaseProblem(
      `The primary does not tell its position: ${errorMessage(error)}`,
      `Remove ${variable}: a replica of this server is never read.`,
    );
  }
}

/** @throws DatabaseProblem where the apps must not or cannot read there */
async function checkStandby(
  name: string,
  client: Client,
  databaseSchema: DatabaseSchema,
  variable: string,
): Promise<DoctorCheck> {
  const {
    name: schema,
    database: { app },
  } = databaseSchema;
  const primary = await findPrimary(databaseSchema, variable);
  // Behind PgBouncer only a transaction stays on one server.
  await client.query('START TRANSACTION');
  const [found] = (
    await client.query<{ version: string; standby: boolean }>(
      "SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS standby",
    )
  ).rows;
  const remedy = `Set ${variable} to the same database on a streaming standby of the primary, or remove it.`;
  if (!found?.standby) throw new DatabaseProblem('The server is not a standby', remedy);
  const address = databaseAddress(app.replicaUrl as string);
  const server = `PostgreSQL ${found.version}, a standby, answers at ${address}`;
  if (primary === null) return skipped(name, `${server}. The primary cannot be used to compare them.`);
  const [database] = (await client.query<{ id: string }>(DATABASE_ID)).rows;
  if (database?.id !== primary.id) {
    throw new DatabaseProblem('It is not a copy of the database of the primary', remedy);
  }
  await requireReadable(client, schema);
  for (let position: Primary | null = primary, attempt = 0; position && attempt < ATTEMPTS; attempt++) {
    if (await catchesUp(client, position, REPLAY_WAIT_MS)) return ok(name, `${server}, and has caught up.`);
    position = await findPrimary(databaseSchema, variable);
  }
  const seconds = Math.min(app.replicaMaxLagSeconds, MAX_WAIT_SECONDS);
  const lag = (await catchesUp(client, primary, seconds * 1_000))
    ? `more than ${REPLAY_WAIT_MS} ms behind, for which no read waits`
    : `more than ${seconds} s behind: ${await describeLag(client, primary)}`;
  return warning(
    name,
    `${server}, but is ${lag}.`,
    "The primary is read meanwhile. Look at the standby's log and recovery_min_apply_delay, and at pg_stat_replication on the primary.",
  );
}

async function catchesUp(client: Client, { lsn, timeline }: WalPosition, withinMs: number): Promise<boolean> {
  for (const since = performance.now(); ; await sleep(PAUSE_MS)) {
    const { rows } = await client.query<{ replayed: boolean | null }>(HAS_REPLAYED, [lsn, timeline]);
    if (rows[0]?.replayed) return true;
    if (performance.now() - since > withinMs) return false;
  }
}

async function describeLag(client: Client, { lsn, timeline }: WalPosition): Promise<string> {
  const { rows } = await client.query<{ timeline: string; bytes: number }>(MISSING, [lsn]);
  return `it lacks ${rows[0]?.bytes} bytes of the primary's log. Its timeline is ${rows[0]?.timeline}, the primary's ${timeline}`;
}
