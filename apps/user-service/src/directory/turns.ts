import { setTimeout as sleep } from 'node:timers/promises';
import { unavailable } from '#libs/http/api-error.js';

/** Work on one key is done one after the other, in the order in which it came; on different keys at once. */
export class Turns {
  private readonly latest = new Map<string, Promise<unknown>>();

  /** @param patience how long (ms) anyone waits */
  constructor(private readonly patience: number) {}

  /** @throws ApiError 503 `busy` where the turn does not come in time, and whatever the work throws */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.latest.get(key);
    const mine = this.after(before, work);
    // A turn that was given up is over when the one before it is.
    const over = Promise.allSettled([before, mine]).then(() => {
      if (this.latest.get(key) === over) this.latest.delete(key);
    });
    this.latest.set(key, over);
    return mine;
  }

  private async after<T>(before: Promise<unknown> | undefined, work: () => Promise<T>): Promise<T> {
    const isMine =
      before === undefined ||
      (await Promise.race([before.then(() => true), sleep(this.patience, false, { ref: false })]));
    if (!isMine) throw unavailable(1, 'busy');
    return work();
  }
}
