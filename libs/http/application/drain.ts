import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Connections } from './connections.js';

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

  /** Adds the hooks that tell clients to leave, and that end the connections which they keep all the same. */
  addHooks(fastify: FastifyInstance, connections: Connections): void {
    fastify.addHook('onSend', (_request, reply, payload, done) => {
      if (this.draining) reply.header('connection', 'close');
      done(null, payload);
    });
    fastify.addHook('preClose', (done) => {
      connections.closeWith(fastify.server);
      done();
    });
  }
}
