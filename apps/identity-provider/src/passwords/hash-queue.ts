import { performance } from 'node:perf_hooks';
import { type ApiError, unavailable } from '#libs/http/replies/api-error.js';
import { FairPlaces, type HashClient, type Place } from './fair-places.js';

export interface HashQueueOptions {
  /** Number of parallel hashes. Default: 1. */
  parallelism?: number;
  /** Clients that would wait longer are refused. */
  maxWaitSeconds?: number;
  /** Estimated duration of a hash until one has been measured. */
  hashSeconds?: number;
}

/** A place in the queue, which the holder must dispose of (`using`). */
export interface HashPlace extends Disposable {
  /**
   * Runs the work, with all of its hashes, in one turn of this place.
   * @throws ApiError 503 `overloaded` if the place was given to another client or waited too long
   */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** Weight of the latest turn in the moving average. */
const WEIGHT = 0.1;

/**
 * A bounded queue for bcrypt, shared fairly between clients (`fair-places.ts`). If the wait would be too long, a new
 * client is refused at once (503): a client that waits longer has usually disconnected, and its hash would only delay
 * the next one. If another share is larger than the new client's would become, its newest place is refused instead.
 */
export class HashQueue {
  private readonly parallelism: number;
  private readonly maxWaitSeconds: number;
  /** Average duration of one turn. */
  private hashSeconds: number;
  private readonly places = new FairPlaces();
  private running = 0;
  private rejected = 0;

  constructor(options: HashQueueOptions = {}) {
    this.parallelism = options.parallelism ?? 1;
    this.maxWaitSeconds = options.maxWaitSeconds ?? 2;
    this.hashSeconds = options.hashSeconds ?? 0.25;
  }

  /** Metrics: running hashes and waiting places now, refusals since the start. */
  get figures(): { running: number; waiting: number; rejected: number } {
    return { running: this.running, waiting: this.places.size - this.running, rejected: this.rejected };
  }

  /** Expected wait of a new place behind all others, in seconds. */
  get expectedWait(): number {
    const before = this.places.size - this.parallelism + 1;
    return (Math.max(0, before) * this.hashSeconds) / this.parallelism;
  }

  /** The number of places that can be served in time. */
  private get capacity(): number {
    return this.parallelism + Math.floor((this.maxWaitSeconds * this.parallelism) / this.hashSeconds);
  }

  /** Checks if the client would get a place after `ahead` earlier requests of its own. */
  hasRoom(client: HashClient, ahead = 0): boolean {
    return this.places.size + ahead < this.capacity || this.victimFor(client, ahead) !== null;
  }

  /** @throws ApiError 503 `overloaded` if the client would get no place */
  requireRoom(client: HashClient): void {
    if (!this.hasRoom(client)) throw this.overloaded();
  }

  /**
   * Takes a place. Take it before any database query, so that excess requests cost only their refusals.
   * @throws ApiError 503 `overloaded` if there is no place
   */
  take(client: HashClient): HashPlace {
    const place = this.takePlace(client);
    return {
      run: (work) => this.run(place, work),
      [Symbol.dispose]: () => this.places.remove(place),
    };
  }

  private takePlace(client: HashClient): Place {
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
      // The rest of the work holds no place: it may wait for the database.
      this.places.remove(place);
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

  /** A free thread starts the next place at once, so that new requests cannot overtake it. */
  private startNext(): void {
    while (this.running < this.parallelism && this.places.startNext()) this.running += 1;
    for (const place of this.places.overdue()) this.refuse(place);
  }

  private overloaded(): ApiError {
    this.rejected += 1;
    return unavailable(this.expectedWait, 'overloaded');
  }
}
