import { Body, Controller, Get, Module, Param, Post } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TextField } from '../input/fields.js';
import { conflict, unauthorized } from '../replies/api-error.js';
import { HttpModule } from './http.module.js';
import { createHttpApp } from './http-app.js';

class Note {
  @TextField({ min: 1, max: 10 })
  text!: string;
}

class Duplicate extends Error {}

@Controller('notes')
class NotesController {
  @Post()
  create(@Body() { text }: Note) {
    if (text === 'old') throw new Duplicate();
    return { text };
  }

  @Get(':id')
  get(@Param('id') id: string) {
    return { id };
  }
}

const translateDuplicate = (error: unknown) =>
  error instanceof Duplicate ? conflict('duplicate', 'This note exists.') : null;

@Module({
  imports: [HttpModule.forRoot({ translators: [translateDuplicate] })],
  controllers: [NotesController],
})
class NotesModule {}

describe('a testing module that imports HttpModule', () => {
  let app: NestFastifyApplication;
  beforeEach(async () => {
    const module = await Test.createTestingModule({ imports: [NotesModule] }).compile();
    app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
    await app.init();
  });
  afterEach(() => app.close());

  const codes = async (method: 'GET' | 'POST', url: string, payload?: object) => {
    const response = await app.inject({ method, url, payload });
    const { errors } = response.json() as { errors: { code: string }[] };
    return [response.statusCode, ...errors.map(({ code }) => code)];
  };

  it('has the input pipe', async () => {
    expect(await codes('POST', '/notes', { text: '', more: 1 })).toEqual([422, 'unknown_field', 'too_short']);
  });

  it('has the input guard', async () => {
    expect(await codes('GET', '/notes/1')).toEqual([404, 'not_found']);
    expect(await codes('POST', '/notes?page=1', { text: 'new' })).toEqual([422, 'unknown_parameter']);
  });

  it('reports the invalid fields of a query and a body in one response', async () => {
    const expected = [422, 'unknown_parameter', 'unknown_field', 'too_short'];
    expect(await codes('POST', '/notes?page=1', { text: '', more: 1 })).toEqual(expected);
  });

  it('has the error filter with its translators', async () => {
    expect(await codes('POST', '/notes', { text: 'old' })).toEqual([409, 'duplicate']);
    expect(await codes('GET', '/unknown')).toEqual([404, 'not_found']);
  });
});

it('the guards of the module that imports HttpModule run before the input guard', async () => {
  @Module({
    imports: [NotesModule],
    providers: [{ provide: APP_GUARD, useValue: { canActivate: () => Promise.reject(unauthorized()) } }],
  })
  class GuardedModule {}
  const module = await Test.createTestingModule({ imports: [GuardedModule] }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
  await app.init();
  try {
    expect((await app.inject({ method: 'GET', url: '/notes/1?page=1' })).statusCode).toBe(401);
  } finally {
    await app.close();
  }
});

it('an application without HttpModule is not created', async () => {
  @Module({ controllers: [NotesController] })
  class UnprotectedModule {}
  const logger = pino({ level: 'silent' });
  await expect(createHttpApp(UnprotectedModule, { name: 'notes', logger })).rejects.toThrow();
});
