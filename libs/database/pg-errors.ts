import { QueryFailedError, QueryRunnerAlreadyReleasedError } from 'typeorm';
import { findCertificateFault } from '#libs/core/certificate-fault.js';

/** What Postgres says of a failed statement (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
export interface PostgresError extends Error {
  /** SQLSTATE, five characters. */
  code: string;
  /** The constraint or unique index that was violated. */
  constraint?: string;
  table?: string;
}

const SQLSTATE = /^[0-9A-Z]{5}$/;

/** Postgres' own error inside whatever TypeORM or a `cause` wrapped around it, or null. */
export function findPostgresError(error: unknown): PostgresError | null {
  for (const one of chain(error)) {
    // A copy of the properties of the error inside.
    if (one instanceof QueryFailedError) continue;
    // `severity` tells Postgres' answer from a system error, whose code (EPIPE) may look alike.
    if ('severity' in one && typeof one['code'] === 'string' && SQLSTATE.test(one['code'])) {
      return one as unknown as PostgresError;
    }
  }
  return null;
}

const isViolation = (code: string) => (error: unknown, constraint?: string) => {
  const found = findPostgresError(error);
  return found?.code === code && (constraint === undefined || found.constraint === constraint);
};

/** 23505, of any or of one unique constraint or index. */
export const isUniqueViolation = isViolation('23505');

/** 23503, of any or of one foreign key: the row is still referred to, or the one referred to is not there. */
export const isForeignKeyViolation = isViolation('23503');

/** A value that Postgres cannot store: NUL (22021), malformed uuid or number (22P02), too large for an index (54000), … */
export const isBadValue = (error: unknown): boolean =>
  ['22021', '22P02', '22P05', '22003', '22007', '22008', '2201W', '2201X', '54000'].includes(
    findPostgresError(error)?.code ?? '',
  );

/** Errors that say nothing of the request: the same one may succeed later, or on another server. */
const UNAVAILABLE_STATES = new Set([
  '25006', // read-only: a standby
  '25P03', // idle in transaction for too long
  '28000', // not let in
  '28P01', // wrong password
  '3D000', // no such database
  '40001', // serialization failure
  '40P01', // deadlock
  '55P03', // lock not available
]);
/** Connection, insufficient resources (53300: too many connections), operator (57P01, 57014: cancelled), system. */
const UNAVAILABLE_CLASSES = new Set(['08', '53', '57', '58']);

/** Those of a file that cannot be opened are something else. */
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
  'Connection terminated',
  'Client was closed and is not queryable',
  'Client has encountered a connection error and is not queryable',
  'Cannot use a pool after calling end on the pool',
  'Driver not Connected',
];

/** TLS that one of the two sides does not speak, or a certificate that is not accepted. */
const isTlsRefused = (error: unknown): boolean =>
  chain(error).some(
    (one) =>
      findCertificateFault(one) !== null || one['message'] === 'The server does not support SSL connections',
  );

/** The database refuses us or is not there at all, or we refuse it: waiting does not help, but setting it right does. */
export const isMisconfigured = (error: unknown): boolean =>
  ['28000', '28P01', '3D000'].includes(findPostgresError(error)?.code ?? '') || isTlsRefused(error);

/**
 * The database is away, overloaded, read-only or shutting down: a 503, and never the client's fault.
 * For errors of database calls alone: a refused connection to anything else looks the same.
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

/** The error, TypeORM's `driverError` in it, and their causes; not endless if they go round in a circle. */
function chain(error: unknown): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  let next = error;
  while (next instanceof Error && found.length < 10) {
    found.push(next as unknown as Record<string, unknown>);
    next = next instanceof QueryFailedError ? next.driverError : next.cause;
  }
  return found;
}
