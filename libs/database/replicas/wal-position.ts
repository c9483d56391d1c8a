/** The end of what a primary has written. */
export interface WalPosition {
  lsn: string;
  timeline: string;
}

/** SQL for the primary: its `WalPosition`. */
export const POSITION = `SELECT pg_current_wal_flush_lsn()::text AS lsn,
  substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8) AS timeline`;

/** Both functions are needed: a standby writes its timeline down from time to time. */
const TIMELINE = `upper(lpad(to_hex(greatest((pg_control_checkpoint()).timeline_id,
  (pg_control_recovery()).min_recovery_end_timeline)), 8, '0'))`;

/**
 * SQL for a replica, with a position of the primary as parameters: is everything up to there replayed?
 * A promoted server, or one that follows another primary, must not answer: its positions cannot be compared.
 */
export const HAS_REPLAYED = `SELECT pg_is_in_recovery() AND ${TIMELINE} = $2
  AND pg_last_wal_replay_lsn() >= $1::pg_lsn AS replayed`;

/** SQL for a standby that has not replayed a position: its timeline, and the bytes that are missing. */
export const MISSING = `SELECT ${TIMELINE} AS timeline,
  greatest(pg_wal_lsn_diff($1::pg_lsn, pg_last_wal_replay_lsn()), 0)::float8 AS bytes`;
