import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { describeThrown, errorSummary, rootCauseOf } from '#libs/observability/loggable-error.js';
import type { ApiError } from './api-error.js';
import { ErrorEnvelope } from './envelope.js';
import { type ErrorTranslator, translateError } from './error-translation.js';

/**
 * Turns every error into a response, also for unknown routes and invalid bodies. Routes whose errors have the format of
 * another standard use a subclass; no other code does this.
 */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger(ErrorFilter.name);

  constructor(private readonly translators: readonly ErrorTranslator[]) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    if (reply.sent) return;
    const apiError = translateError(error, this.translators);
    const { id: request_id } = http.getRequest<FastifyRequest>();
    if (apiError.status === 500) {
      this.logger.error({ msg: 'request failed', request_id, err: asError(error) });
    } else if (apiError.status === 503) {
      const cause = errorSummary(rootCauseOf(error));
      this.logger.warn({ msg: 'request refused', request_id, reason: apiError.code, cause });
    }
    void reply
      .code(this.statusOf(apiError))
      .headers({ ...apiError.headers, 'cache-control': 'no-store' })
      .removeHeader('etag')
      .type('application/json; charset=utf-8')
      .send(this.bodyOf(apiError));
  }

  protected statusOf({ status }: ApiError): number {
    return status;
  }

  /** An envelope, or a JSON text that a standard defines. */
  protected bodyOf(apiError: ApiError): ErrorEnvelope | string {
    return new ErrorEnvelope(apiError);
  }
}

const asError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(`thrown: ${describeThrown(thrown)}`);
