/** A name and how many may be inside under it at once. */
export interface SemaphoreKey {
  name: string;
  limit: number;
}

export interface PassOptions {
  /** Who asks: those who wait enter in turn by owner, and those of one owner in order. */
  owner?: string;
  /** Whether one more may wait, behind so many that wait for some of its lanes. */
  mayWait?: (ahead: number) => boolean;
}

interface Waiting {
  lanes: readonly SemaphoreKey[];
  owner: string;
  enter: () => void;
}

/** No more at once than each lane is wide; the others wait in turn, but not behind one who waits for another lane. */
export class KeyedSemaphore {
  private readonly inside = new Map<string, number>();
  /** By owner; the owner that has had no turn for the longest time comes first. */
  private readonly waiting = new Map<string, Waiting[]>();

  /** @param refusal creates the error for a caller that may not wait, or no longer */
  constructor(private readonly refusal: () => Error) {}

  /**
   * Runs the work once it is inside all of its lanes.
   * @param patienceMs how long it may wait
   * @throws the refusal, at once where it may not wait, or when its patience ends
   */
  async run<T>(
    lanes: readonly SemaphoreKey[],
    patienceMs: number,
    work: () => Promise<T>,
    options: PassOptions = {},
  ): Promise<T> {
    if (this.hasRoom(lanes)) this.enter(lanes);
    else await this.turn(lanes, patienceMs, options);
    try {
      return await work();
    } finally {
      this.leave(lanes);
    }
  }

  private async turn(
    lanes: readonly SemaphoreKey[],
    patienceMs: number,
    { owner = '', mayWait }: PassOptions,
  ): Promise<void> {
    if (mayWait && !mayWait(this.countAhead(lanes))) throw this.refusal();
    await new Promise<void>((resolve, reject) => {
      const entry: Waiting = {
        lanes,
        owner,
        enter: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        this.remove(entry);
        reject(this.refusal());
      }, patienceMs);
      this.waiting.set(owner, [...(this.waiting.get(owner) ?? []), entry]);
    });
  }

  private countAhead(lanes: readonly SemaphoreKey[]): number {
    const names = new Set(lanes.map(({ name }) => name));
    const all = [...this.waiting.values()].flat();
    return all.filter((entry) => entry.lanes.some(({ name }) => names.has(name))).length;
  }

  private hasRoom(lanes: readonly SemaphoreKey[]): boolean {
    return lanes.every(({ name, limit }) => (this.inside.get(name) ?? 0) < limit);
  }

  private enter(lanes: readonly SemaphoreKey[]): void {
    for (const { name } of lanes) this.inside.set(name, (this.inside.get(name) ?? 0) + 1);
  }

  private leave(lanes: readonly SemaphoreKey[]): void {
    for (const { name } of lanes) {
      const left = (this.inside.get(name) ?? 0) - 1;
      if (left > 0) this.inside.set(name, left);
      else this.inside.delete(name);
    }
    for (let entry = this.findNext(); entry; entry = this.findNext()) {
      this.remove(entry);
      this.toTheEnd(entry.owner);
      this.enter(entry.lanes);
      entry.enter();
    }
  }

  private findNext(): Waiting | undefined {
    for (const entries of this.waiting.values()) {
      const next = entries.find(({ lanes }) => this.hasRoom(lanes));
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
