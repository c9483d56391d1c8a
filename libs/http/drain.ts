import type { Socket } from 'node:net';
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

  /** Adds the hooks that tell clients to leave, and that close what they have opened ahead of any request. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onSend', (_request, reply, payload, done) => {
      if (this.draining) reply.header('connection', 'close');
      done(null, payload);
    });
    closeUnusedConnections(fastify);
  }
}

/** Node takes a connection on which nothing was sent yet (browsers keep some) for a busy one, and waits for it. */
function closeUnusedConnections(fastify: FastifyInstance): void {
  const open = new Set<Socket>();
  fastify.server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  fastify.addHook('preClose', (done) => {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
    done();
  });
}
