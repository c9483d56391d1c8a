import { Client, type ClientConfig } from 'pg';
import { postgresHostUrls } from '#libs/core/postgres-hosts.js';
import { PreparedQuery } from '../queries/prepared-query.js';
import { isReadOnly, PrimaryHosts } from './primary-hosts.js';

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
 *
 * A URL with several hosts leads to the one that takes writes.
 */
export class DatabaseClient extends Client {
  private readonly hosts: PrimaryHosts | null;
  private readonly timeoutMs: number | undefined;

  constructor(config: DatabaseClientConfig = {}) {
    const { connectionString: url = '', connectionTimeoutMillis } = config;
    super(url ? { ...config, connectionString: postgresHostUrls(url)[0] as string } : config);
    this.hosts = PrimaryHosts.of(url);
    this.timeoutMs = connectionTimeoutMillis;
    if (!config.pooled) return;
    const begin = beginWith(config.transactionLimits);
    // pg declares nine forms of this method. Only the first argument is changed.
    this.query = ((statement: unknown, ...rest: unknown[]) => {
      const query = super.query as (...args: unknown[]) => unknown;
      return query.call(this, statement === BEGIN ? begin : withoutName(statement), ...rest);
    }) as Client['query'];
  }

  override connect(): Promise<this>;
  override connect(callback: (error: Error | null) => void): void;
  override connect(callback?: (error: Error | null) => void): Promise<this> | undefined {
    const connecting = this.hosts ? this.connectToPrimary(this.hosts) : this.connectToOne();
    if (!callback) return connecting;
    connecting.then(() => callback(null), callback);
    return undefined;
  }

  private async connectToOne(): Promise<this> {
    await super.connect();
    return this;
  }

  private async connectToPrimary(hosts: PrimaryHosts): Promise<this> {
    const primary = await hosts.find(this.timeoutMs);
    Object.assign(this, primary);
    // Nobody else listens yet, and without a listener a broken connection would end the process.
    const ignore = () => {};
    this.on('error', ignore);
    try {
      await super.connect();
      if (await isReadOnly(this)) throw new Error('The database is read-only');
      return this;
    } catch (error) {
      hosts.forget(primary);
      void this.end().catch(() => {});
      throw error;
    } finally {
      this.off('error', ignore);
    }
  }
}

function withoutName(statement: unknown): unknown {
  if (statement instanceof PreparedQuery) return { text: statement.text, values: statement.values };
  // Another `Submittable` has methods, which a copy would lose.
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
