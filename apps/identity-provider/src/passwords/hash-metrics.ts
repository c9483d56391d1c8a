import { Counter, Gauge } from 'prom-client';
import type { HashQueue } from './hash-queue.js';

/** One queue per application in this process. */
const watched = new Set<HashQueue>();

new Gauge({
  name: 'twinkey_password_hashes',
  help: 'bcrypt hashes, by state: running, waiting for their turn.',
  labelNames: ['state'] as const,
  collect() {
    this.reset();
    for (const { figures } of watched) {
      this.inc({ state: 'running' }, figures.running);
      this.inc({ state: 'waiting' }, figures.waiting);
    }
  },
});

new Counter({
  name: 'twinkey_password_hashes_rejected_total',
  help: 'Requests refused (503), because they would have waited too long for bcrypt.',
  collect() {
    this.reset();
    for (const { figures } of watched) this.inc(figures.rejected);
  },
});

/** Adds a queue to `/metrics`. */
export function watchHashQueue(queue: HashQueue): HashQueue {
  watched.add(queue);
  return queue;
}
