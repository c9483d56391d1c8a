import type { Client } from 'pg';
import type { RevocationKind } from '#libs/database/shared-entities/revocation-columns.js';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';

export interface RevocationRow {
  issuer: IssuerId;
  kind: RevocationKind;
  id: string;
  /** Milliseconds since the epoch, as `expires_at`. */
  issued_before: number | null;
  expires_at: number | null;
  removed: boolean;
  /** The transaction that wrote the row last. */
  changed_by: number;
  mark: string;
  /** For the kind `role`: the account's role now; null where the account is deleted. */
  role: string | null;
}

/** The primary key of `revocations`: issuer, kind, id. All three are compared by bytes (collation C). */
export type RowKey = readonly [issuer: string, kind: string, id: string];

/** Before all keys. */
export const FIRST_KEY: RowKey = ['', '', ''];

/** The rows after a key, in the order of the keys. All of one read is from one snapshot of the database. */
export interface PortionRead {
  /** Random for each database. */
  origin: string;
  /** The number of ended transactions: rises with each commit, in the order of the commits. */
  version: number;
  /** By the clock of the database, in milliseconds since the epoch. Rows that had expired then are left out. */
  read_at: number;
  rows: RevocationRow[];
  /** There may be more rows: these are as many as were asked for. */
  is_full: boolean;
  is_standby: boolean;
}

/** The changed rows, and the roles. If `is_full`, some changed rows are missing. */
export interface AuthorityRead extends PortionRead {
  /** Milliseconds since the epoch, as `server_started_at`. */
  recorded_since: number;
  /** Another one is another server. */
  server_started_at: number;
  /** Postgres' text for the transactions that the read sees. */
  snapshot: string;
  /** The oldest transaction that was running: rows that were not visible yet have at least this `changed_by`. */
  oldest_running: number;
  /** Differs for each change of roles and permissions; null in a schema without roles. */
  authority: string | null;
  /** The effective permissions of all roles, unsorted; null where `authority` is as it was. */
  roles: Record<string, string[]> | null;
}

/** Which changes are read: rows that `snapshot` does not see (null: none), and roles where the authority differs. */
export interface ReadPosition {
  snapshot: string | null;
  authority: string | null;
}

/** The tables that a feed is read from. */
export interface AuthorityTables {
  /** Has the tables of `migrations/revocations.ts`. */
  schema: 'identity' | 'users';
  /** Of the notifications (`NOTIFY`). */
  channel: string;
  /** SQL expressions, for a schema with roles. */
  roles?: {
    /** A text that differs for each change of roles and permissions. */
    state: string;
    /** A JSON object: names with the list of effective permissions. */
    permissions: string;
    /** The name of the role of account `v.id`, for rows `v` of the kind `role`. */
    ofRow: string;
  };
}

const milliseconds = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;

const COMMON_FIELDS = `feed.origin, pg_is_in_recovery() AS is_standby, ${milliseconds('now()')} AS read_at,
    (pg_snapshot_xmax(s.now)::text::bigint - (SELECT count(*) FROM pg_snapshot_xip(s.now)))::float8 AS version`;

/** @param which SQL: a condition, an order and a limit */
const rowsOf = ({ schema, roles }: AuthorityTables, which: string): string => `
  (SELECT coalesce(json_agg(found), '[]') FROM (
    SELECT v.issuer, v.kind, v.id, ${milliseconds('v.issued_before')} AS issued_before,
      ${milliseconds('v.expires_at')} AS expires_at, v.removed, v.changed_by, v.mark,
      ${roles ? roles.ofRow : 'NULL::text'} AS role
    FROM ${schema}.revocations v
    WHERE (v.expires_at IS NULL OR v.expires_at > now()) AND ${which}
  ) found) AS rows`;

const from = ({ schema }: AuthorityTables): string =>
  `FROM ${schema}.authority_feed feed, (SELECT pg_current_snapshot() AS now) s`;

/**
 * Rows that are visible now and were not in snapshot `$1`. Transaction numbers that this server has not reached come from
 * another server (`restored-revocations.ts`).
 */
const CHANGED = `v.changed_by >= pg_snapshot_xmin($1::pg_snapshot)::text::bigint
  AND v.changed_by < pg_snapshot_xmax(s.now)::text::bigint
  AND NOT pg_visible_in_snapshot(v.changed_by::text::xid8, $1::pg_snapshot)`;

const changesStatement = (tables: AuthorityTables): string => `
  SELECT ${COMMON_FIELDS}, ${milliseconds('feed.started_at')} AS recorded_since,
    ${milliseconds('pg_postmaster_start_time()')} AS server_started_at,
    s.now::text AS snapshot, pg_snapshot_xmin(s.now)::text::float8 AS oldest_running,
    ${tables.roles ? tables.roles.state : '$2::text'} AS authority,
    ${tables.roles ? `CASE WHEN ${tables.roles.state} IS DISTINCT FROM $2::text THEN ${tables.roles.permissions} END` : 'NULL::json'} AS roles,
    ${rowsOf(tables, `${CHANGED} LIMIT $3`)}
  ${from(tables)}`;

const portionStatement = (tables: AuthorityTables): string => `
  SELECT ${COMMON_FIELDS},
    ${rowsOf(tables, '(v.issuer, v.kind, v.id) > ($1, $2, $3) ORDER BY v.issuer, v.kind, v.id LIMIT $4')}
  ${from(tables)}`;

/** Reads the tables of a feed. All methods throw pg's errors, and Error on a standby. */
export class AuthorityReader {
  private readonly changesSql: string;
  private readonly portionSql: string;

  /** @param maxRows the most rows of one read */
  constructor(
    tables: AuthorityTables,
    private readonly maxRows: number,
  ) {
    this.changesSql = changesStatement(tables);
    this.portionSql = portionStatement(tables);
  }

  /** What has changed since a position. */
  changes(client: Client, { snapshot, authority }: ReadPosition): Promise<AuthorityRead> {
    return this.read(client, this.changesSql, [snapshot, authority, this.maxRows]);
  }

  portion(client: Client, after: RowKey): Promise<PortionRead> {
    return this.read(client, this.portionSql, [...after, this.maxRows]);
  }

  private async read<T extends PortionRead>(client: Client, sql: string, values: unknown[]): Promise<T> {
    const { rows } = await client.query<T>(sql, values);
    const [read] = rows;
    if (!read) throw new Error('The table authority_feed has no row.');
    if (read.is_standby) throw new Error('The database is read-only');
    return { ...read, is_full: read.rows.length >= this.maxRows };
  }
}
