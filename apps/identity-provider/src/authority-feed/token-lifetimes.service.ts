import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BackgroundRunner } from '#libs/background/background-runner.js';
import type { ScheduledTask } from '#libs/background/scheduled-task.js';
import { SessionLifetimes } from '../sessions/session-lifetimes.js';

/** The triggers that write revocations allow for a lifetime that was recorded up to 15 minutes ago. */
const INTERVAL_MS = 5 * 60_000;

/**
 * Records how long this process' access tokens live: so long a revocation has to last. Tokens with the lifetime of an
 * earlier setting still exist for a while.
 */
@Injectable()
export class TokenLifetimesService implements OnApplicationBootstrap {
  private readonly task: ScheduledTask;

  constructor(
    background: BackgroundRunner,
    private readonly database: DataSource,
    private readonly lifetimes: SessionLifetimes,
  ) {
    this.task = background.add({
      name: 'token-lifetimes',
      intervalMs: INTERVAL_MS,
      run: () => this.record(),
    });
  }

  /** Before the first token is issued. */
  async onApplicationBootstrap(): Promise<void> {
    await this.task.runNow();
  }

  private async record(): Promise<void> {
    await this.database.query(
      `INSERT INTO identity.token_lifetimes (seconds, used_at) VALUES ($1, now())
       ON CONFLICT (seconds) DO UPDATE SET used_at = excluded.used_at`,
      [Math.ceil(this.lifetimes.accessTokenSeconds)],
    );
  }
}
