import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

/**
 * Going down without losing a request: first `/health/ready` says so, while everything is still served and
 * each answer asks its client to leave (`Connection: close`), then the listener closes.
 */
export class Drain {
  private draining = false;

  get isDraining(): boolean {
    return this.draining;
  }

  /** @param grace how long (ms) load balancers get to notice */
  async begin(grace: number): Promise<void> {
    this.draining = true;
    if (grace > 0) await sleep(grace);
  }

  /** Adds the hook that tells clients to leave. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onSend', (_request, reply, payload, done) => {
      if (this.draining) reply.header('connection', 'close');
      done(null, payload);
    });
  }
}
