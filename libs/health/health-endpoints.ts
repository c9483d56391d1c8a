import { Get, Inject, Res } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '#libs/auth/access.js';
import { unavailable } from '#libs/http/api-error.js';
import { Drain } from '#libs/http/drain.js';
import { ErrorEnvelope } from '#libs/http/envelope.js';
import { errorResponse, Replies } from '#libs/http/replies.js';
import { type Health, HealthReply } from './health.js';

/**
 * The three probes, for the controller of a listener: `live` says that the process answers, `ready` that it
 * should get requests, the third tells of each dependency. 503 carries the same `data` as 200.
 */
export abstract class HealthEndpoints {
  @Inject(Drain) private readonly drain: Drain;

  protected abstract health(): Promise<Health>;

  @Get()
  @Public()
  @ApiOperation({ summary: 'The state of the service and of each dependency' })
  @Replies(HealthReply, { message: 'Health.' })
  @errorResponse(503, 'Without its database.')
  async whole(@Res({ passthrough: true }) reply: FastifyReply): Promise<Health | ErrorEnvelope> {
    return this.answer(reply, await this.health());
  }

  @Get('live')
  @Public()
  @ApiOperation({ summary: 'Whether the process answers' })
  @Replies(HealthReply, { message: 'Alive.' })
  live(): Health {
    return { status: 'ok', checks: {} };
  }

  @Get('ready')
  @Public()
  @ApiOperation({ summary: 'Whether requests should be sent here' })
  @Replies(HealthReply, { message: 'Ready.' })
  @errorResponse(503, 'Without its database, or going down.')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Health | ErrorEnvelope> {
    const health = await this.health();
    return this.answer(reply, this.drain.isDraining ? { ...health, status: 'down' } : health);
  }

  private answer(reply: FastifyReply, health: Health): Health | ErrorEnvelope {
    if (health.status !== 'down') return health;
    const error = unavailable(1, 'not_ready');
    reply.code(error.status).headers(error.headers);
    return new ErrorEnvelope(error, health);
  }
}
