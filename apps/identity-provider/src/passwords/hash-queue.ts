import { performance } from 'node:perf_hooks';
import { unavailable } from '#libs/http/replies/api-error.js';
import { hashParallelism } from './hash-parallelism.js';

export interface HashQueueOptions {
  /** Hashes at once. */
  parallelism?: number;
  /** Whoever would wait longer is turned away. */
  maxWaitSeconds?: number;
  /** What a hash is taken to need until one has been measured. */
  hashSeconds?: number;
}

/** A place in the queue. Only `HashQueue.hold` hands it out, so that it is always given back. */
export interface HashPlace {
  /** Runs the work when its turn comes: first come, first served. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** How much the latest hash counts in the average. */
const WEIGHT = 0.1;

/**
 * A bounded queue for bcrypt. Who comes when the wait would be too long is refused at once (503): a client that waits
 * longer has gone away, and its hash would only make the next one wait as well.
 */
export class HashQueue {
  private readonly parallelism: number;
  private readonly maxWaitSeconds: number;
  private hashSeconds: number;
  /** Whose turn comes next, oldest first. */
  private readonly turns: (() => void)[] = [];
  private held = 0;
  private running = 0;
  private rejected = 0;

  constructor(options: HashQueueOptions = {}) {
    this.parallelism = options.parallelism ?? hashParallelism();
    this.maxWaitSeconds = options.maxWaitSeconds ?? 2;
    this.hashSeconds = options.hashSeconds ?? 0.25;
  }

  /** For metrics: hashes that run and places that wait, now; refusals since the start. */
  get figures(): { running: number; waiting: number; rejected: number } {
    return { running: this.running, waiting: this.held - this.running, rejected: this.rejected };
  }

  /**
   * How long a newcomer would wait, in seconds.
   * @param ahead others that will come before him and hold no place yet
   */
  expectedWait(ahead = 0): number {
    const before = this.held + ahead - this.parallelism + 1;
    return (Math.max(0, before) * this.hashSeconds) / this.parallelism;
  }

  /** Whether one who comes after `ahead` others would be served in time. */
  hasRoom(ahead = 0): boolean {
    return this.expectedWait(ahead) <= this.maxWaitSeconds;
  }

  /** @throws ApiError 503 `overloaded` where a newcomer would not be served in time */
  requireRoom(): void {
    if (this.hasRoom()) return;
    this.rejected += 1;
    throw unavailable(this.expectedWait(), 'overloaded');
  }

  /**
   * Takes a place for as long as `work` lasts. It is taken before the database is asked, so that a flood costs nothing
   * but the refusals.
   * @throws ApiError 503 `overloaded`, at once
   */
  async hold<T>(work: (place: HashPlace) => Promise<T>): Promise<T> {
    this.requireRoom();
    this.held += 1;
    try {
      return await work({ run: (job) => this.run(job) });
    } finally {
      this.held -= 1;
    }
  }

  private async run<T>(job: () => Promise<T>): Promise<T> {
    if (this.running < this.parallelism) this.running += 1;
    else await new Promise<void>((resolve) => this.turns.push(resolve));
    const start = performance.now();
    try {
      return await job();
    } finally {
      const seconds = (performance.now() - start) / 1000;
      this.hashSeconds += WEIGHT * (seconds - this.hashSeconds);
      // The thread goes straight to the next one, so that nobody who comes in between overtakes him.
      const next = this.turns.shift();
      if (next) next();
      else this.running -= 1;
    }
  }
}
