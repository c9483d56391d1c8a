import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { NestLogger } from '#libs/observability/logger.js';
import { HttpModule } from './http.module.js';
import { createHttpAdapter, type HttpAdapterOptions } from './http-adapter.js';

/**
 * Creates a Nest application on Fastify. It does not listen yet (`listenOn`).
 * @param module imports `HttpModule`
 * @throws UnknownElementException if it does not
 */
export async function createHttpApp(
  module: Type | DynamicModule,
  options: HttpAdapterOptions,
): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(module, await createHttpAdapter(options), {
    logger: new NestLogger(options.logger),
    bodyParser: false,
    abortOnError: false,
    forceCloseConnections: false,
  });
  // Without it no input would be validated.
  app.get(HttpModule, { strict: false });
  return app;
}
