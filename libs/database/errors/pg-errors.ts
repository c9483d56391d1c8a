import { QueryFailedError, QueryRunnerAlreadyReleasedError } from 'typeorm';
import { findCertificateFault } from '#libs/core/certificate-fault.js';

/** Postgres' answer to a failed statement (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
export interface PostgresError extends Error {
  /** SQLSTATE, five characters. */
  code: string;
  /** The constraint or unique index that was violated. */
  constraint?: string;
  table?: string;
}

const SQLSTATE = /^[0-9A-Z]{5}$/;

/** Finds Postgres' own error in TypeORM's error or in a chain of causes. */
export function findPostgresError(error: unknown): PostgresError | null {
  for (const one of chain(error)) {
    // It has copies of the inner error's properties.
    if (one instanceof QueryFailedError) continue;
    // Only Postgres' errors have a `severity`. The code of a system error (EPIPE) may look like a SQLSTATE.
    if ('severity' in one && typeof one['code'] === 'string' && SQLSTATE.test(one['code'])) {
      return one as unknown as PostgresError;
    }
  }
  return null;
}

/** 23505, of any or of one unique constraint or index. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const found = findPostgresError(error);
  return found?.code === '23505' && (constraint === undefined || found.constraint === constraint);
}

/** A value that Postgres cannot store: NUL (22021), malformed uuid or number (22P02), too large for an index (54000), … */
export const isBadValue = (error: unknown): boolean =>
  ['22021', '22P02', '22P05', '22003', '22007', '22008', '2201W', '2201X', '54000'].includes(
    findPostgresError(error)?.code ?? '',
  );

/** Errors that do not depend on the request: it may succeed later, or on another server. */
const UNAVAILABLE_STATES = new Set([
  '25006', // read-only: a standby
  '25P03', // idle in transaction for too long
  '28000', // not allowed to connect
  '28P01', // wrong password
  '3D000', // no such database
  '40001', // serialization failure
  '40P01', // deadlock
  '55P03', // lock not available
]);
/** Connection, insufficient resources (53300: too many connections), operator (57P01, 57014: cancelled), system. */
const UNAVAILABLE_CLASSES = new Set(['08', '53', '57', '58']);

/** Only these: a file that cannot be opened has the same codes. */
const NETWORK_CALLS = new Set(['connect', 'getaddrinfo', 'read', 'write']);
const UNREACHABLE = new Set([
  'EACCES',
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/** pg and TypeORM have no codes for these. */
const UNAVAILABLE_MESSAGES = [
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Query read timeout',
  'The database is read-only',
  'No primary among',
  'Connection terminated',
  'Client was closed and is not queryable',
  'Client has encountered a connection error and is not queryable',
  'Cannot use a pool after calling end on the pool',
  'Driver not Connected',
];

/** One side does not support TLS, or does not accept the other's certificate. */
const isTlsRefused = (error: unknown): boolean =>
  chain(error).some(
    (one) =>
      findCertificateFault(one) !== null || one['message'] === 'The server does not support SSL connections',
  );

/** PgBouncer, in its own words, which are always English. */
export const isPoolerRefusal = (error: unknown): boolean =>
  findPostgresError(error)?.message.startsWith('unsupported startup parameter') ?? false;

/** A PgBouncer with `pool_mode = statement`, which refuses transactions. */
export const isStatementMode = (error: unknown): boolean =>
  /^transaction blocks not allowed/i.test(findPostgresError(error)?.message ?? '');

/** The database refuses the connection or does not exist, or TLS fails: waiting does not help. */
export const isMisconfigured = (error: unknown): boolean =>
  ['28000', '28P01', '3D000'].includes(findPostgresError(error)?.code ?? '') ||
  isPoolerRefusal(error) ||
  isTlsRefused(error);

/**
 * The database is not reachable, overloaded, read-only or shutting down: a 503.
 * Only for errors of database calls: a refused connection to another server looks the same.
 */
export function isUnavailable(error: unknown): boolean {
  const found = findPostgresError(error);
  if (found) return UNAVAILABLE_STATES.has(found.code) || UNAVAILABLE_CLASSES.has(found.code.slice(0, 2));
  if (isTlsRefused(error)) return true;
  return chain(error).some(
    (one) =>
      one instanceof QueryRunnerAlreadyReleasedError ||
      (NETWORK_CALLS.has(String(one['syscall'])) && UNREACHABLE.has(String(one['code']))) ||
      (one instanceof AggregateError && UNREACHABLE.has(String((one as { code?: string }).code))) ||
      UNAVAILABLE_MESSAGES.some((message) => String(one['message']).startsWith(message)),
  );
}

/** The error, TypeORM's `driverError` and their causes; limited, since causes may form a circle. */
function chain(error: unknown): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  let next = error;
  while (next instanceof Error && found.length < 10) {
    found.push(next as unknown as Record<string, unknown>);
    next = next instanceof QueryFailedError ? next.driverError : next.cause;
  }
  return found;
}
