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

/** All of one read is from one snapshot of the database. */
export interface AuthorityRead {
  /** Random for each database. */
  origin: string;
  /** Milliseconds since the epoch. */
  recorded_since: number;
  /** The number of ended transactions: rises with each commit, in the order of the commits. */
  version: number;
  /** The oldest transaction that was running: rows that were not visible yet have at least this `changed_by`. */
  oldest_running: number;
  /** Differs for each change of roles and permissions; null in a schema without roles. */
  authority: string | null;
  /** The effective permissions of all roles, unsorted; null where `authority` is as it was. */
  roles: Record<string, string[]> | null;
  rows: RevocationRow[];
  is_standby: boolean;
}

/** Which rows are read: those of transactions since `from`, and the roles where the authority is not `authority`. */
export interface ReadPosition {
  from: number;
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

/** SQL: `$1` and `$2` are the fields of a `ReadPosition`. */
export const readStatement = ({ schema, roles }: AuthorityTables): string => `
  SELECT feed.origin, ${milliseconds('feed.started_at')} AS recorded_since,
    (pg_snapshot_xmax(s.now)::text::bigint - (SELECT count(*) FROM pg_snapshot_xip(s.now)))::float8 AS version,
    pg_snapshot_xmin(s.now)::text::float8 AS oldest_running,
    pg_is_in_recovery() AS is_standby,
    ${roles ? roles.state : '$2::text'} AS authority,
    ${roles ? `CASE WHEN ${roles.state} IS DISTINCT FROM $2::text THEN ${roles.permissions} END` : 'NULL::json'} AS roles,
    (SELECT coalesce(json_agg(found), '[]') FROM (
      SELECT v.issuer, v.kind, v.id, ${milliseconds('v.issued_before')} AS issued_before,
        ${milliseconds('v.expires_at')} AS expires_at, v.removed, v.changed_by, v.mark,
        ${roles ? roles.ofRow : 'NULL::text'} AS role
      FROM ${schema}.revocations v
      WHERE v.changed_by >= $1::bigint AND (v.expires_at IS NULL OR v.expires_at > now())
    ) found) AS rows
  FROM ${schema}.authority_feed feed, (SELECT pg_current_snapshot() AS now) s`;

/** Reads what has changed since a position, or all that counts. @throws pg's errors; Error on a standby */
export async function readAuthority(
  client: Client,
  statement: string,
  { from, authority }: ReadPosition,
): Promise<AuthorityRead> {
  const { rows } = await client.query<AuthorityRead>(statement, [from, authority]);
  const [read] = rows;
  if (!read) throw new Error('The table authority_feed has no row.');
  if (read.is_standby) throw new Error('The database is read-only');
  return read;
}
