import { unavailable } from '#libs/http/api-error.js';

/**
 * Lets a few through at a time, the others wait in order, and not for ever. Before a lock in the database: who
 * waits there holds a connection, and a crowd would take the whole pool from everybody else.
 */
export class Turnstile {
  private inside = 0;
  private readonly waiting: (() => void)[] = [];

  /** @param patience how long (ms) anyone waits */
  constructor(
    private readonly width: number,
    private readonly patience: number,
  ) {}

  /** @throws ApiError 503 where the turn does not come in time */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.inside < this.width) this.inside++;
    else await this.turn();
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.inside--;
    }
  }

  private turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(enter), 1);
        reject(unavailable(1, 'busy'));
      }, this.patience);
      this.waiting.push(enter);
    });
  }
}
