import { Body, Controller, Delete, Get, Module, Param, Patch, Post, Query } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiBearerAuth, ApiExtension, ApiProperty, ApiTags } from '@nestjs/swagger';
import { pino } from 'pino';
import { HttpModule } from '#libs/http/application/http.module.js';
import type { HttpAdapterOptions } from '#libs/http/application/http-adapter.js';
import { createHttpApp } from '#libs/http/application/http-app.js';
import { EmailField, IdField, TextField } from '#libs/http/input/fields.js';
import { SearchableListQuery, SortField } from '#libs/http/input/list-query.js';
import { notFound } from '#libs/http/replies/api-error.js';
import { IfMatch, type Precondition, Replies, Reply } from '#libs/http/replies/replies.js';
import { buildOpenApiDocument } from '#libs/openapi/openapi-document.js';

const ID = '01980f5e-7a3b-7c41-9d52-6f8e1b2c3d4e';

class NewToy {
  @EmailField()
  email: string;

  @TextField({ min: 1, max: 20, nullable: true, optional: true })
  name?: string | null;
}

class ToyChange {
  @TextField({ min: 1, max: 20, nullable: true, optional: true })
  name?: string | null;
}

class ToyReply {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ type: String, nullable: true })
  name: string | null;

  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

/** A reply with any fields. */
class Anything {
  [name: string]: unknown;
}

class ToyQuery extends SearchableListQuery {
  @SortField(['created_at', 'name'])
  sort?: string;

  @IdField({ optional: true })
  role_id?: string;
}

const toy: ToyReply = { id: ID, name: null, created_at: '2026-01-31T09:30:00.000Z' };

@ApiTags('Toys')
@ApiBearerAuth()
@Controller('toys')
class ToysController {
  @Get()
  @Replies([ToyReply], { message: 'Toys.' })
  list(@Query() { limit = '20' }: ToyQuery) {
    return Reply.page({ items: [toy], limit: Number(limit), nextCursor: null }, (item) => item);
  }

  @Post()
  @ApiExtension('x-permission', 'toys:create or toys:update')
  @Replies(ToyReply, { message: 'Made.', status: 201, errors: { 409: 'The email is taken.' } })
  create(@Body() { name = null }: NewToy) {
    return new Reply({ ...toy, name }).created(ID);
  }

  @Get('mine')
  @Replies(Anything, { message: 'Your toy.' })
  mine(): Anything {
    return { ...toy };
  }

  @Get(':id')
  @ApiExtension('x-permission', 'toys:read')
  @Replies(ToyReply, { message: 'A toy.', etag: 'read' })
  get(@Param('id') id: string) {
    if (id !== ID) throw notFound();
    return Reply.tagged(toy, 1);
  }

  @Patch(':id')
  @Replies(ToyReply, { message: 'Changed.', etag: 'write' })
  change(@Param('id') _id: string, @Body() _changes: ToyChange, @IfMatch() precondition: Precondition) {
    precondition.check(1);
    return Reply.tagged(toy, 2);
  }

  @Delete(':id')
  @Replies(null, { message: 'Gone.', etag: 'write' })
  remove(@Param('id') _id: string) {
    return Reply.nothing();
  }
}

@ApiTags('Door')
@Controller()
class DoorController {
  @Post('knock')
  @Replies(null, { message: 'Come in.', errors: { 429: 'Too many knocks.' } })
  knock() {
    return Reply.nothing();
  }
}

@Module({ imports: [HttpModule.forRoot()], controllers: [DoorController, ToysController] })
class ToyModule {}

/** An app with a route of each kind, for specs of the shared code. Close it afterwards. */
export async function createToyApp(
  options: Partial<HttpAdapterOptions> = {},
): Promise<NestFastifyApplication> {
  const logger = pino({ level: 'silent' });
  const app = await createHttpApp(ToyModule, { name: 'toys', logger, ...options });
  app.setGlobalPrefix('api/v1');
  return app;
}

export const documentOf = (app: NestFastifyApplication) =>
  buildOpenApiDocument(app, {
    title: 'Toys & <Co>',
    description: 'For specs.',
    version: '1.2.3',
    tags: { Toys: 'All toys', Door: 'The way in' },
  });

export async function ready(app: NestFastifyApplication): Promise<NestFastifyApplication> {
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return app;
}
