import { Client, type ClientConfig } from 'pg';
import { findCertificateFault } from '#libs/core/certificate-fault.js';
import { postgresHostUrls } from '#libs/core/postgres-hosts.js';
import { findPostgresError } from '../errors/pg-errors.js';

export interface HostAddress {
  host: string;
  port: number;
}

const PROBE_TIMEOUT_MS = 800;

/** libpq's `target_session_attrs=read-write`. */
const IS_READ_ONLY =
  "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS read_only";

/** Whether the server takes no writes: a standby, or a server that was made read-only. */
export async function isReadOnly(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ read_only: boolean }>(IS_READ_ONLY);
  return rows[0]?.read_only ?? true;
}

/** Finds the primary among the hosts of a URL, and remembers it until it is forgotten. One search at a time. */
export class PrimaryHosts {
  private static readonly known = new Map<string, PrimaryHosts>();
  private primary: HostAddress | null = null;
  private search: Promise<HostAddress> | null = null;

  private constructor(private readonly urls: readonly string[]) {}

  /** The hosts of a URL, shared by all connections of the process; null if it has only one. */
  static of(url: string): PrimaryHosts | null {
    const urls = postgresHostUrls(url);
    if (urls.length === 1) return null;
    const hosts = PrimaryHosts.known.get(url) ?? new PrimaryHosts(urls);
    PrimaryHosts.known.set(url, hosts);
    return hosts;
  }

  /**
   * @param timeoutMs for each host; all are asked at the same time
   * @throws Error that lists the hosts and what is wrong with each, or the refusal of a server
   */
  async find(timeoutMs = PROBE_TIMEOUT_MS): Promise<HostAddress> {
    if (this.primary) return this.primary;
    this.search ??= this.askAll(timeoutMs).finally(() => {
      this.search = null;
    });
    return this.search;
  }

  /** After a failed connection, or where the server is a standby now. */
  forget({ host, port }: HostAddress): void {
    if (this.primary?.host === host && this.primary.port === port) this.primary = null;
  }

  private async askAll(timeoutMs: number): Promise<HostAddress> {
    try {
      this.primary = await Promise.any(this.urls.map((url) => ask(url, timeoutMs)));
      return this.primary;
    } catch (error) {
      throw reasonOf((error as AggregateError).errors as HostError[]);
    }
  }
}

/** @throws HostError if the server does not answer or takes no writes */
async function ask(url: string, timeoutMs: number): Promise<HostAddress> {
  const options: ClientConfig = {
    connectionString: url,
    application_name: 'twinkey (finds the primary)',
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
  };
  let client: Client | null = null;
  try {
    client = new Client(options);
    // Without a listener a broken connection would end the process. The running query reports the error too.
    client.on('error', () => {});
    await client.connect();
    if (await isReadOnly(client)) throw new Error('it is a standby');
    return { host: client.host, port: client.port };
  } catch (error) {
    throw new HostError(client, error as Error);
  } finally {
    void client?.end().catch(() => {});
  }
}

class HostError extends Error {
  constructor(client: HostAddress | null, cause: Error & { code?: string }) {
    const address = client ? `${client.host}:${client.port}` : 'a host';
    super(`${address} (${cause.message || cause.code})`, { cause });
  }
}

/** A refusal needs another advice than an outage. */
function reasonOf(errors: HostError[]): Error {
  const refusal = errors.find(({ cause }) => findPostgresError(cause) || findCertificateFault(cause));
  const isRefusal = refusal && !errors.some(({ message }) => message.includes('it is a standby'));
  if (isRefusal) return refusal.cause as Error;
  return new Error(`No primary among ${errors.map(({ message }) => message).join(', ')}`);
}
