/** A key, and how many tasks may run under it at the same time. */
export interface SemaphoreKey {
  name: string;
  limit: number;
}

interface WaitingTask {
  keys: readonly SemaphoreKey[];
  start: () => void;
}

/**
 * Limits how many tasks run under each key at the same time. The others wait in order; a task does not wait for one
 * that is waiting for another key.
 */
export class KeyedSemaphore {
  private readonly running = new Map<string, number>();
  private readonly waiting: WaitingTask[] = [];

  /**
   * @param createError makes the error for a task that may not wait any longer
   * @param mayWait whether one more task may wait behind this many
   */
  constructor(
    private readonly createError: () => Error,
    private readonly mayWait: (waiting: number) => boolean = () => true,
  ) {}

  /**
   * Runs the task as soon as all of its keys have room.
   * @param timeoutMs the longest time to wait
   * @throws createError's error, at once if the task may not wait, or after the timeout
   */
  async run<T>(keys: readonly SemaphoreKey[], timeoutMs: number, task: () => Promise<T>): Promise<T> {
    if (this.hasRoom(keys)) this.acquire(keys);
    else await this.wait(keys, timeoutMs);
    try {
      return await task();
    } finally {
      this.release(keys);
    }
  }

  private async wait(keys: readonly SemaphoreKey[], timeoutMs: number): Promise<void> {
    if (!this.mayWait(this.waiting.length)) throw this.createError();
    await new Promise<void>((resolve, reject) => {
      const entry: WaitingTask = {
        keys,
        start: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(entry), 1);
        reject(this.createError());
      }, timeoutMs);
      this.waiting.push(entry);
    });
  }

  private hasRoom(keys: readonly SemaphoreKey[]): boolean {
    return keys.every(({ name, limit }) => (this.running.get(name) ?? 0) < limit);
  }

  private acquire(keys: readonly SemaphoreKey[]): void {
    for (const { name } of keys) this.running.set(name, (this.running.get(name) ?? 0) + 1);
  }

  private release(keys: readonly SemaphoreKey[]): void {
    for (const { name } of keys) {
      const left = (this.running.get(name) ?? 0) - 1;
      if (left > 0) this.running.set(name, left);
      else this.running.delete(name);
    }
    for (const entry of [...this.waiting]) {
      if (!this.hasRoom(entry.keys)) continue;
      this.waiting.splice(this.waiting.indexOf(entry), 1);
      this.acquire(entry.keys);
      entry.start();
    }
  }
}
