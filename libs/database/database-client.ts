import { Client, type ClientConfig } from 'pg';

export interface DatabaseClientConfig extends ClientConfig {
  /** The connection leads to a PgBouncer in transaction mode. */
  pooled?: boolean;
  /** The limits of each transaction, in milliseconds, only with `pooled`; 0 or undefined: none. */
  transactionLimits?: { statementMs: number; idleMs: number };
}

/** The statement that TypeORM begins a transaction with. */
const BEGIN = 'START TRANSACTION';

/**
 * pg's client for all of Twinkey's connections. Behind a PgBouncer in transaction mode each transaction may run on another
 * connection of the server:
 * - A named statement would be unknown there, or known with another text: names are left out.
 * - PgBouncer refuses limits as start-up parameters: they are set at the beginning of each transaction, in the same
 *   round trip. A single statement is cancelled by the client (`drop-when-broken.ts`).
 */
export class DatabaseClient extends Client {
  constructor(config: DatabaseClientConfig = {}) {
    super(config);
    if (!config.pooled) return;
    const begin = beginWith(config.transactionLimits);
    // pg declares nine forms of this method. Only the first argument is changed.
    const query = super.query.bind(this) as (...args: unknown[]) => unknown;
    this.query = ((statement: unknown, ...rest: unknown[]) =>
      query(statement === BEGIN ? begin : withoutName(statement), ...rest)) as Client['query'];
  }
}

function withoutName(statement: unknown): unknown {
  // A `Submittable` has methods, which a copy would lose.
  const isNamed = typeof statement === 'object' && statement !== null && 'name' in statement;
  return isNamed && !('submit' in statement) ? { ...statement, name: undefined } : statement;
}

function beginWith(limits: DatabaseClientConfig['transactionLimits']): string {
  const { statementMs = 0, idleMs = 0 } = limits ?? {};
  return [
    BEGIN,
    ...(statementMs > 0 ? [`SET LOCAL statement_timeout = ${statementMs}`] : []),
    ...(idleMs > 0 ? [`SET LOCAL idle_in_transaction_session_timeout = ${idleMs}`] : []),
  ].join('; ');
}
