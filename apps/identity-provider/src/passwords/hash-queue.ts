import { performance } from 'node:perf_hooks';
import { type ApiError, unavailable } from '#libs/http/replies/api-error.js';
import { FairPlaces, type HashClient, type Place } from './fair-places.js';
import { hashParallelism } from './hash-parallelism.js';

export interface HashQueueOptions {
  /** Hashes at once. */
  parallelism?: number;
  /** A client that would wait longer is refused. */
  maxWaitSeconds?: number;
  /** What a hash is taken to need until one has been measured. */
  hashSeconds?: number;
}

/** A place in the queue. Only `HashQueue.hold` hands it out, so that it is always given back. */
export interface HashPlace {
  /**
   * Runs the work in this place's turn: all of its hashes in one.
   * @throws ApiError 503 `overloaded`: the place went to another client, or its turn came too late
   */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** How much the latest turn counts in the average. */
const WEIGHT = 0.1;

/**
 * A bounded queue for bcrypt, shared fairly between clients (`fair-places.ts`). A client that comes when the wait would
 * be too long is refused at once (503): one that waits longer has gone away, and its hash would only make the next one
 * wait as well. Unless others hold more places than it would: then the newest of theirs is refused instead.
 */
export class HashQueue {
  private readonly parallelism: number;
  private readonly maxWaitSeconds: number;
  /** Of one turn. */
  private hashSeconds: number;
  private readonly places = new FairPlaces();
  private running = 0;
  private rejected = 0;

  constructor(options: HashQueueOptions = {}) {
    this.parallelism = options.parallelism ?? hashParallelism();
    this.maxWaitSeconds = options.maxWaitSeconds ?? 2;
    this.hashSeconds = options.hashSeconds ?? 0.25;
  }

  /** For metrics: hashes that run and places that wait, now; refusals since the start. */
  get figures(): { running: number; waiting: number; rejected: number } {
    return { running: this.running, waiting: this.places.size - this.running, rejected: this.rejected };
  }

  /** How long one more place would wait, in seconds, behind all the others. */
  get expectedWait(): number {
    const before = this.places.size - this.parallelism + 1;
    return (Math.max(0, before) * this.hashSeconds) / this.parallelism;
  }

  /** As many places as are served in time. */
  private get capacity(): number {
    return this.parallelism + Math.floor((this.maxWaitSeconds * this.parallelism) / this.hashSeconds);
  }

  /** Whether the client would get a place after `ahead` others of its kind. */
  hasRoom(client: HashClient, ahead = 0): boolean {
    return this.places.size + ahead < this.capacity || this.victimFor(client, ahead) !== null;
  }

  /** @throws ApiError 503 `overloaded` where the client would get no place */
  requireRoom(client: HashClient): void {
    if (!this.hasRoom(client)) throw this.overloaded();
  }

  /**
   * Takes a place for as long as `work` lasts. It is taken before the database is asked, so that a flood costs nothing
   * but the refusals.
   * @throws ApiError 503 `overloaded`, at once where there is no place
   */
  async hold<T>(client: HashClient, work: (place: HashPlace) => Promise<T>): Promise<T> {
    const place = this.take(client);
    try {
      return await work({ run: (job) => this.run(place, job) });
    } finally {
      this.places.remove(place);
    }
  }

  private take(client: HashClient): Place {
    const { capacity } = this;
    if (this.places.size >= capacity) {
      const victim = this.victimFor(client, 0);
      if (!victim) throw this.overloaded();
      this.refuse(victim);
    }
    return this.places.add(client, capacity);
  }

  private victimFor(client: HashClient, ahead: number): Place | null {
    return this.places.victimFor(client, ahead, Math.max(1, Math.floor(this.capacity / 4)));
  }

  private refuse(place: Place): void {
    this.places.remove(place);
    place.state = 'refused';
    place.refuse();
  }

  private async run<T>(place: Place, job: () => Promise<T>): Promise<T> {
    await this.turn(place);
    const start = performance.now();
    try {
      return await job();
    } finally {
      const seconds = (performance.now() - start) / 1000;
      this.hashSeconds += WEIGHT * (seconds - this.hashSeconds);
      this.running -= 1;
      this.startNext();
    }
  }

  private turn(place: Place): Promise<void> {
    return new Promise((resolve, reject) => {
      place.start = resolve;
      place.refuse = () => reject(this.overloaded());
      if (place.state === 'refused') return place.refuse();
      this.places.makeReady(place);
      this.startNext();
    });
  }

  /** The thread goes straight to the next one, so that nobody who comes in between overtakes it. */
  private startNext(): void {
    while (this.running < this.parallelism && this.places.startNext()) this.running += 1;
    for (const place of this.places.overdue()) this.refuse(place);
  }

  private overloaded(): ApiError {
    this.rejected += 1;
    return unavailable(this.expectedWait, 'overloaded');
  }
}
