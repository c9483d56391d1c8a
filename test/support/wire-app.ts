import type { Server } from 'node:http';
import { promisify } from 'node:util';
import { Body, Controller, Get, HttpException, Module, Param, Patch, Post, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { HttpModule } from '#libs/http/application/http.module.js';
import type { HttpAdapterOptions } from '#libs/http/application/http-adapter.js';
import { createHttpApp } from '#libs/http/application/http-app.js';
import { listenOn } from '#libs/http/application/running-app.js';
import { EmailField, TextField } from '#libs/http/input/fields.js';
import { ListQuery, SortField } from '#libs/http/input/list-query.js';
import { type ApiError, tooManyRequests, unavailable } from '#libs/http/replies/api-error.js';
import { IfMatch, type Precondition, Replies, Reply } from '#libs/http/replies/replies.js';
import { type CapturedLog, captureLog } from './captured-log.js';

/** Marks internal texts that must not appear in responses. */
export const INTERNAL_MARKER = 'inside-4711';

/** The length of an answer that fits into no buffer of the system. */
const LARGE = 32 * 1024 * 1024;

class Thing {
  @TextField({ min: 1, max: 50, optional: true, nullable: true })
  name?: string | null;

  @EmailField({ optional: true })
  email?: string;
}

class ThingQuery extends ListQuery {
  @SortField(['name'])
  sort?: string;
}

/** Values that a handler might throw. */
const THROWN: Record<string, () => unknown> = {
  string: () => `SELECT ${INTERNAL_MARKER}`,
  error: () => new Error(`at /srv/${INTERNAL_MARKER}.ts: password=${INTERNAL_MARKER}`),
  type: () => new TypeError(`Cannot read properties of undefined (reading '${INTERNAL_MARKER}')`),
  cause: () => new Error('outer', { cause: new Error(INTERNAL_MARKER) }),
  undefined: () => undefined,
  null: () => null,
  number: () => 42,
  symbol: () => Symbol(INTERNAL_MARKER),
  object: () => ({ message: INTERNAL_MARKER, statusCode: 200 }),
  bare: () => Object.create(null),
  http: () => new HttpException({ message: INTERNAL_MARKER, sql: INTERNAL_MARKER }, 502),
  'too-many': () => tooManyRequests(7),
  away: () => unavailable(3, 'dependency_away', undefined, new Error('connect ECONNREFUSED')),
};

@Controller()
class WireController {
  @Get('things')
  @Replies([Thing], { message: 'Things.' })
  list(@Query() { limit = '20' }: ThingQuery) {
    return Reply.page({ items: [], limit: Number(limit), nextCursor: null }, (thing) => thing);
  }

  @Post('things')
  @Replies(Thing, { message: 'Made.', status: 201 })
  create(@Body() thing: Thing) {
    return new Reply(thing).created('1');
  }

  @Get('things/:id')
  @Replies(Thing, { message: 'A thing.', etag: 'read' })
  get(@Param('id') _id: string) {
    return Reply.tagged({ name: 'one' }, 3);
  }

  @Patch('things/:id')
  @Replies(Thing, { message: 'Changed.', etag: 'write' })
  change(@Param('id') _id: string, @Body() change: Thing, @IfMatch() precondition: Precondition) {
    precondition.check(3);
    return Reply.tagged(change, 4);
  }

  @Post('echo')
  @Replies(null, { message: 'Received.' })
  echo(@Body() body: object) {
    return { received: body, polluted: ({} as Record<string, unknown>)['polluted'] ?? null };
  }

  @Get('address')
  @Replies(null, { message: 'You.' })
  address(@Req() { ip, protocol }: FastifyRequest) {
    return { ip, protocol };
  }

  @Get('large')
  @Replies(null, { message: 'More than a socket takes.' })
  large() {
    return 'x'.repeat(LARGE);
  }

  @Get('failures/:kind')
  @Replies(null, { message: 'Never.' })
  async fail(@Param('kind') kind: string) {
    throw THROWN[kind]?.() as ApiError;
  }
}

@Module({ imports: [HttpModule.forRoot()], controllers: [WireController] })
class WireModule {}

export interface WireApp {
  url: string;
  log: CapturedLog;
  /** How many sockets the server itself has. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

/** Starts an app on a real port with the common behaviour of all listeners, and routes that provoke each kind of error. */
export async function startWireApp(
  options: Partial<HttpAdapterOptions> = {},
  host = '127.0.0.1',
): Promise<WireApp> {
  const log = await captureLog();
  const app = await createHttpApp(WireModule, { name: 'wire', logger: log.logger, ...options });
  const url = await listenOn(app, { host, port: 0, variable: 'PORT' });
  const server: Server = app.getHttpServer();
  const connections = promisify<number>((done) => server.getConnections(done));
  return { url, log, connections, close: () => app.close() };
}
