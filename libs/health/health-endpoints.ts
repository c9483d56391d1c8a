import { Get, Inject, Res } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '#libs/auth/access.js';
import { Drain } from '#libs/http/application/drain.js';
import { unavailable } from '#libs/http/replies/api-error.js';
import { ErrorEnvelope } from '#libs/http/replies/envelope.js';
import { ErrorResponse, Replies } from '#libs/http/replies/replies.js';
import { checkHealth, type Dependencies, type Health, HealthReply } from './health.js';

/** `live` answers in time whatever its dependencies do (ms). */
const LIVE_PATIENCE = 250;

/**
 * The three probes, for the controller of a listener: `live` says that the process answers, `ready` that it
 * should get requests, the third how it is. All tell of each dependency; 503 carries the same `data` as 200.
 */
export abstract class HealthEndpoints {
  @Inject(Drain) private readonly drain: Drain;

  constructor(private readonly dependencies: Dependencies) {}

  @Get()
  @Public()
  @ApiOperation({ summary: 'The state of the service and of each dependency' })
  @Replies(HealthReply, { message: 'Health.' })
  @ErrorResponse(503, 'Without its database.')
  async whole(@Res({ passthrough: true }) reply: FastifyReply): Promise<Health | ErrorEnvelope> {
    return this.answer(reply, await checkHealth(this.dependencies));
  }

  @Get('live')
  @Public()
  @ApiOperation({ summary: 'Whether the process answers' })
  @Replies(HealthReply, { message: 'Alive.' })
  async live(): Promise<Health> {
    const { checks } = await checkHealth(this.dependencies, LIVE_PATIENCE);
    return { status: 'ok', checks };
  }

  @Get('ready')
  @Public()
  @ApiOperation({ summary: 'Whether requests should be sent here' })
  @Replies(HealthReply, { message: 'Ready.' })
  @ErrorResponse(503, 'Without its database, or going down.')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Health | ErrorEnvelope> {
    const health = await checkHealth(this.dependencies);
    return this.answer(reply, this.drain.isDraining ? { ...health, status: 'down' } : health);
  }

  private answer(reply: FastifyReply, health: Health): Health | ErrorEnvelope {
    if (health.status !== 'down') return health;
    const error = unavailable(1, 'not_ready');
    reply.code(error.status).headers(error.headers);
    return new ErrorEnvelope(error, health);
  }
}
