import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Connections } from './connections.js';

/**
 * Shuts down without losing requests: first `/health/ready` reports it, while requests are still served and each response
 * has `Connection: close`; then the listener closes.
 */
export class Drain {
  private draining = false;
  private readonly listeners: (() => void)[] = [];

  get isDraining(): boolean {
    return this.draining;
  }

  /** @param grace the time (ms) that load balancers get to notice */
  async begin(grace: number): Promise<void> {
    this.draining = true;
    for (const listener of this.listeners) listener();
    if (grace > 0) await sleep(grace);
  }

  /** Calls back when the shutdown begins, for responses that would never end. */
  onBegin(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Adds the hooks that send `Connection: close`, and that close the connections which clients keep open. */
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
