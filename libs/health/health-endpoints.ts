import { Get, Inject, Res } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '#libs/auth/access.js';
import { Drain } from '#libs/http/application/drain.js';
import { unavailable } from '#libs/http/replies/api-error.js';
import { ErrorEnvelope } from '#libs/http/replies/envelope.js';
import { ErrorResponse, Replies } from '#libs/http/replies/replies.js';
import { checkHealth, type Dependencies, type Health, HealthReply } from './health-check.js';

/** `live` responds after this time at the latest. */
const LIVE_TIMEOUT_MS = 250;

/**
 * The three health endpoints: `live` reports that the process responds, `ready` that it should get requests, and the root
 * its status. All of them list the dependencies. A 503 has the same `data` as a 200.
 */
export abstract class HealthEndpoints {
  @Inject(Drain) private readonly drain: Drain;

  constructor(private readonly dependencies: Dependencies) {}

  @Get()
  @Public()
  @ApiOperation({ summary: 'Shows the status of the service and of each dependency' })
  @Replies(HealthReply, { message: 'Health.' })
  @ErrorResponse(503, 'The database is not available.')
  async whole(@Res({ passthrough: true }) reply: FastifyReply): Promise<Health | ErrorEnvelope> {
    return this.respond(reply, await checkHealth(this.dependencies));
  }

  @Get('live')
  @Public()
  @ApiOperation({ summary: 'Shows whether the process responds' })
  @Replies(HealthReply, { message: 'Alive.' })
  async live(): Promise<Health> {
    const { checks } = await checkHealth(this.dependencies, LIVE_TIMEOUT_MS);
    return { status: 'ok', checks };
  }

  @Get('ready')
  @Public()
  @ApiOperation({ summary: 'Shows whether the service should get requests' })
  @Replies(HealthReply, { message: 'Ready.' })
  @ErrorResponse(503, 'The database is not available, or the service is shutting down.')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Health | ErrorEnvelope> {
    const health = await checkHealth(this.dependencies);
    return this.respond(reply, this.drain.isDraining ? { ...health, status: 'down' } : health);
  }

  private respond(reply: FastifyReply, health: Health): Health | ErrorEnvelope {
    if (health.status !== 'down') return health;
    const error = unavailable(1, 'not_ready');
    reply.code(error.status).headers(error.headers);
    return new ErrorEnvelope(error, health);
  }
}
