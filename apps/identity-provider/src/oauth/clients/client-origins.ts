import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { originOf } from './redirect-uri.js';

/** A new client's pages can call the API after this time at the latest. */
const MAX_AGE_MS = 5_000;

/** The origins of public clients' redirect URIs, whose pages may call identity-provider (CORS). */
@Injectable()
export class ClientOrigins {
  private readonly logger = new Logger(ClientOrigins.name);
  private origins: ReadonlySet<string> = new Set();
  private readAt = Number.NEGATIVE_INFINITY;
  private reading: Promise<void> | undefined;

  constructor(private readonly database: DataSource) {}

  /** While the database is away, the origins that were known last count. */
  async includes(origin: string): Promise<boolean> {
    if (performance.now() - this.readAt > MAX_AGE_MS) {
      this.reading ??= this.read().finally(() => {
        this.reading = undefined;
      });
      await this.reading;
    }
    return this.origins.has(origin);
  }

  private async read(): Promise<void> {
    try {
      const rows: { uri: string }[] = await this.database.query(
        `SELECT DISTINCT unnest(redirect_uris) AS uri FROM identity.oauth_clients
         WHERE type = 'public' AND status = 'active'`,
      );
      this.origins = new Set(rows.map(({ uri }) => originOf(uri)).filter((origin) => origin !== null));
    } catch (error) {
      this.logger.warn({ msg: "clients' origins could not be read", reason: (error as Error).message });
    }
    this.readAt = performance.now();
  }
}
