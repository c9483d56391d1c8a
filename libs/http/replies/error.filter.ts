import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { describeThrown, errorSummary, rootCauseOf } from '#libs/observability/loggable-error.js';
import type { Logger } from '#libs/observability/logger.js';
import { ErrorEnvelope } from './envelope.js';
import { type ErrorTranslator, translateError } from './error-translation.js';

/** The one place that turns errors into answers, those of unknown routes and unreadable bodies included. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(
    private readonly translators: readonly ErrorTranslator[],
    private readonly logger: Logger,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    if (reply.sent) return;
    const answer = translateError(error, this.translators);
    const { id: request_id } = http.getRequest<FastifyRequest>();
    if (answer.status === 500) this.logger.error({ request_id, err: asError(error) }, 'request failed');
    else if (answer.status === 503)
      this.logger.warn(
        { request_id, reason: answer.code, cause: errorSummary(rootCauseOf(error)) },
        'request refused',
      );
    void reply
      .code(answer.status)
      .headers({ ...answer.headers, 'cache-control': 'no-store' })
      .removeHeader('etag')
      .type('application/json; charset=utf-8')
      .send(new ErrorEnvelope(answer));
  }
}

const asError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(`thrown: ${describeThrown(thrown)}`);
