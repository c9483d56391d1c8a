import { Get, Inject, Res } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Drain } from '#libs/http/application/drain.js';
import { unavailable } from '#libs/http/replies/api-error.js';
import { ErrorEnvelope, successEnvelope } from '#libs/http/replies/envelope.js';
import { ErrorResponse, Replies } from '#libs/http/replies/replies.js';
import { Public } from '#libs/verify/src/nest/access.js';
import { checkHealth, type Dependencies, type Health, HealthReply } from './health-check.js';

/** `live` responds after this time at the latest. */
const LIVE_TIMEOUT_MS = 250;

const NOT_READY = unavailable(1, 'not_ready');

/**
 * The three health endpoints: `live` reports that the process responds, `ready` that it should get requests, and the root
 * its status. All of them list the dependencies. A 503 has the same `data` as a 200.
 */
export abstract class HealthEndpoints {
  @Inject(Drain) private readonly drain: Drain;
  /** The bytes of each response that was sent. There are as many as there are states. */
  private readonly bodies = new Map<string, string>();

  constructor(private readonly dependencies: Dependencies) {}

  @Get()
  @Public()
  @ApiOperation({ summary: 'Shows the status of the service and of each dependency' })
  @Replies(HealthReply, { message: 'Health.' })
  @ErrorResponse(503, 'The database is not available.')
  async whole(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return this.respond(reply, 'Health.', await checkHealth(this.dependencies));
  }

  @Get('live')
  @Public()
  @ApiOperation({ summary: 'Shows whether the process responds' })
  @Replies(HealthReply, { message: 'Alive.' })
  async live(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const { checks } = await checkHealth(this.dependencies, LIVE_TIMEOUT_MS);
    return this.respond(reply, 'Alive.', { status: 'ok', checks });
  }

  @Get('ready')
  @Public()
  @ApiOperation({ summary: 'Shows whether the service should get requests' })
  @Replies(HealthReply, { message: 'Ready.' })
  @ErrorResponse(503, 'The database is not available, or the service is shutting down.')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const health = await checkHealth(this.dependencies);
    return this.respond(reply, 'Ready.', this.drain.isDraining ? { ...health, status: 'down' } : health);
  }

  private respond(reply: FastifyReply, message: string, health: Health): string {
    const isDown = health.status === 'down';
    if (isDown) reply.code(NOT_READY.status).headers(NOT_READY.headers);
    reply.type('application/json; charset=utf-8');
    const state = `${message} ${health.status} ${Object.values(health.checks).join()}`;
    const known = this.bodies.get(state);
    if (known) return known;
    const envelope = isDown
      ? new ErrorEnvelope(NOT_READY, health)
      : successEnvelope(200, message, health, null);
    const body = JSON.stringify(envelope);
    this.bodies.set(state, body);
    return body;
  }
}
