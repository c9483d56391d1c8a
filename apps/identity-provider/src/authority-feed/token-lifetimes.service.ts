import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SessionLifetimes } from '../sessions/session-lifetimes.js';

/** The triggers that write revocations allow for a lifetime that was recorded up to 15 minutes ago. */
const INTERVAL_MS = 5 * 60_000;

/**
 * Records how long this process' access tokens live: so long a revocation has to last. Tokens with the lifetime of an
 * earlier setting still exist for a while.
 */
@Injectable()
export class TokenLifetimesService implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(TokenLifetimesService.name);
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly database: DataSource,
    private readonly lifetimes: SessionLifetimes,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.timer = setInterval(() => void this.record(), INTERVAL_MS).unref();
    await this.record();
  }

  onModuleDestroy(): void {
    if (this.timer) clearInterval(this.timer);
  }

  private async record(): Promise<void> {
    try {
      await this.database.query(
        `INSERT INTO identity.token_lifetimes (seconds, used_at) VALUES ($1, now())
         ON CONFLICT (seconds) DO UPDATE SET used_at = excluded.used_at`,
        [Math.ceil(this.lifetimes.accessTokenSeconds)],
      );
    } catch (error) {
      this.logger.warn({ msg: 'token lifetime not recorded', reason: (error as Error).message });
    }
  }
}
