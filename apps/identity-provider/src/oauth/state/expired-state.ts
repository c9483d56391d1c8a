import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { OauthStateStore } from './oauth-state.store.js';

const INTERVAL_MS = 60_000;
/** Small enough not to delay other queries. */
const BATCH = 1_000;
/** A run ends after this many batches, so that a large backlog is cleared in several runs. */
const MAX_BATCHES = 100;

/** Deletes expired rows of `identity.oauth_state` in the background, on every replica. */
@Injectable()
export class ExpiredState implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(ExpiredState.name);
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(private readonly store: OauthStateStore) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.run(), INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    this.isClosed = true;
    clearInterval(this.timer);
  }

  private async run(): Promise<void> {
    try {
      await this.clear();
    } catch (error) {
      this.logger.warn({ msg: 'clean-up of OAuth state failed', reason: (error as Error).message });
    }
  }

  /** @returns the number of deleted rows */
  async clear(): Promise<number> {
    let total = 0;
    for (let batch = 0; batch < MAX_BATCHES && !this.isClosed; batch++) {
      const deleted = await this.store.deleteExpired(BATCH);
      total += deleted;
      if (deleted < BATCH) break;
    }
    return total;
  }
}
