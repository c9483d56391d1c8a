import type { ApiError } from '#libs/http/replies/api-error.js';

/** A name and how many may be inside under it at once. */
export interface SemaphoreKey {
  name: string;
  width: number;
}

interface Waiting {
  lanes: readonly SemaphoreKey[];
  enter: () => void;
}

/** No more at once than each lane is wide; the others wait in order, but not behind one who waits for another lane. */
export class KeyedSemaphore {
  private readonly inside = new Map<string, number>();
  private readonly waiting: Waiting[] = [];

  /**
   * @param refusal what a try gets that may not wait
   * @param mayWait whether one more may, behind so many
   */
  constructor(
    private readonly refusal: () => ApiError,
    private readonly mayWait: (waiting: number) => boolean = () => true,
  ) {}

  /**
   * Runs the work once it is inside all of its lanes.
   * @param patienceMs how long it may wait
   * @throws the refusal, at once where it may not wait, or when its patience ends
   */
  async run<T>(lanes: readonly SemaphoreKey[], patienceMs: number, work: () => Promise<T>): Promise<T> {
    if (this.hasRoom(lanes)) this.enter(lanes);
    else await this.turn(lanes, patienceMs);
    try {
      return await work();
    } finally {
      this.leave(lanes);
    }
  }

  private async turn(lanes: readonly SemaphoreKey[], patienceMs: number): Promise<void> {
    if (!this.mayWait(this.waiting.length)) throw this.refusal();
    await new Promise<void>((resolve, reject) => {
      const entry: Waiting = {
        lanes,
        enter: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(entry), 1);
        reject(this.refusal());
      }, patienceMs);
      this.waiting.push(entry);
    });
  }

  private hasRoom(lanes: readonly SemaphoreKey[]): boolean {
    return lanes.every(({ name, width }) => (this.inside.get(name) ?? 0) < width);
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
    for (const entry of [...this.waiting]) {
      if (!this.hasRoom(entry.lanes)) continue;
      this.waiting.splice(this.waiting.indexOf(entry), 1);
      this.enter(entry.lanes);
      entry.enter();
    }
  }
}
