/** A key and the number of tasks that may run under it at once. */
export interface SemaphoreKey {
  name: string;
  limit: number;
}

export interface SemaphoreOptions {
  /** Waiting tasks of different owners take turns; tasks of one owner start in order. */
  owner?: string;
  /** Decides if the task may wait; `ahead` is the number of waiting tasks that share a key with it. */
  mayWait?: (ahead: number) => boolean;
}

interface Waiting {
  keys: readonly SemaphoreKey[];
  owner: string;
  enter: () => void;
}

/** Limits the parallel tasks per key. Other tasks wait in turn, but not behind a task that waits for another key. */
export class KeyedSemaphore {
  private readonly running = new Map<string, number>();
  /** Waiting tasks by owner; the first owner has had no turn for the longest time. */
  private readonly waiting = new Map<string, Waiting[]>();

  /** @param refusal creates the error for a task that may not wait or has timed out */
  constructor(private readonly refusal: () => Error) {}

  /**
   * Runs the work as soon as all of its keys have a free slot.
   * @param timeoutMs the maximum wait
   * @throws the refusal, at once if the work may not wait, or after the timeout
   */
  async run<T>(
    keys: readonly SemaphoreKey[],
    timeoutMs: number,
    work: () => Promise<T>,
    options: SemaphoreOptions = {},
  ): Promise<T> {
    using _slots = await this.acquire(keys, timeoutMs, options);
    return await work();
  }

  /**
   * Like `run`, for work that is not one function: the slots are free again when the result is disposed of.
   * @throws the refusal, at once if the task may not wait, or after the timeout
   */
  async acquire(
    keys: readonly SemaphoreKey[],
    timeoutMs: number,
    options: SemaphoreOptions = {},
  ): Promise<Disposable> {
    if (this.hasRoom(keys)) this.enter(keys);
    else await this.turn(keys, timeoutMs, options);
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (isHeld) this.leave(keys);
        isHeld = false;
      },
    };
  }

  private async turn(
    keys: readonly SemaphoreKey[],
    timeoutMs: number,
    { owner = '', mayWait }: SemaphoreOptions,
  ): Promise<void> {
    if (mayWait && !mayWait(this.countAhead(keys))) throw this.refusal();
    await new Promise<void>((resolve, reject) => {
      const entry: Waiting = {
        keys,
        owner,
        enter: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        this.remove(entry);
        reject(this.refusal());
      }, timeoutMs);
      this.waiting.set(owner, [...(this.waiting.get(owner) ?? []), entry]);
    });
  }

  private countAhead(keys: readonly SemaphoreKey[]): number {
    const names = new Set(keys.map(({ name }) => name));
    const all = [...this.waiting.values()].flat();
    return all.filter((entry) => entry.keys.some(({ name }) => names.has(name))).length;
  }

  private hasRoom(keys: readonly SemaphoreKey[]): boolean {
    return keys.every(({ name, limit }) => (this.running.get(name) ?? 0) < limit);
  }

  private enter(keys: readonly SemaphoreKey[]): void {
    for (const { name } of keys) this.running.set(name, (this.running.get(name) ?? 0) + 1);
  }

  private leave(keys: readonly SemaphoreKey[]): void {
    for (const { name } of keys) {
      const left = (this.running.get(name) ?? 0) - 1;
      if (left > 0) this.running.set(name, left);
      else this.running.delete(name);
    }
    for (let entry = this.findNext(); entry; entry = this.findNext()) {
      this.remove(entry);
      this.toTheEnd(entry.owner);
      this.enter(entry.keys);
      entry.enter();
    }
  }

  private findNext(): Waiting | undefined {
    for (const entries of this.waiting.values()) {
      const next = entries.find(({ keys }) => this.hasRoom(keys));
      if (next) return next;
    }
    return undefined;
  }

  private remove(entry: Waiting): void {
    const left = this.waiting.get(entry.owner)?.filter((other) => other !== entry) ?? [];
    if (left.length > 0) this.waiting.set(entry.owner, left);
    else this.waiting.delete(entry.owner);
  }

  private toTheEnd(owner: string): void {
    const entries = this.waiting.get(owner);
    if (!entries) return;
    this.waiting.delete(owner);
    this.waiting.set(owner, entries);
  }
}
