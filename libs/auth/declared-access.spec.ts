import { All, Controller, Delete, Get, Module, Post, RequestMethod } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { expect, it } from 'vitest';
import { Public } from '#libs/verify/src/nest/access.js';
import { Authenticated, NativeOnly, RequirePermission } from './access.js';
import { declaredAccess } from './declared-access.js';

@Controller(['things', 'items'])
class ThingsController {
  @Get()
  @Public()
  list() {}

  @Get([':id', 'by-id/:id'])
  @RequirePermission('roles:read')
  read() {}

  @Delete(':id')
  @NativeOnly()
  remove() {}

  helper() {}
}

@Controller()
class RootController {
  @Get('health')
  @Public()
  health() {}

  @Post('me')
  @Authenticated()
  me() {}

  @All('forgotten')
  forgotten() {}
}

@Module({ controllers: [ThingsController] })
class ThingsModule {}

@Module({
  imports: [ThingsModule, RouterModule.register([{ path: 'shop', module: ThingsModule }])],
  controllers: [RootController],
})
class AppModule {}

it('lists every route as it is served, with what it declares', async () => {
  const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
  app.setGlobalPrefix('api/v1', { exclude: [{ path: 'health', method: RequestMethod.GET }] });
  await app.init();
  const routes = declaredAccess(app).map(({ method, path, handler, access }) => [
    method,
    path,
    handler,
    access,
  ]);
  const read = { kind: 'token', permissions: ['roles:read'], nativeOnly: false };
  const native = { kind: 'token', permissions: [], nativeOnly: true };
  const authenticated = { kind: 'token', permissions: [], nativeOnly: false };
  expect(routes.sort()).toEqual(
    [
      ...['things', 'items'].flatMap((name) => [
        ['GET', `/api/v1/shop/${name}`, 'ThingsController.list', { kind: 'public' }],
        ['GET', `/api/v1/shop/${name}/:id`, 'ThingsController.read', read],
        ['GET', `/api/v1/shop/${name}/by-id/:id`, 'ThingsController.read', read],
        ['DELETE', `/api/v1/shop/${name}/:id`, 'ThingsController.remove', native],
      ]),
      ['GET', '/health', 'RootController.health', { kind: 'public' }],
      ['POST', '/api/v1/me', 'RootController.me', authenticated],
      ['ALL', '/api/v1/forgotten', 'RootController.forgotten', undefined],
    ].sort(),
  );
  const served = app.getHttpAdapter().getInstance();
  for (const [method, path] of routes.filter(([name]) => name !== 'ALL') as [string, string][]) {
    expect(served.hasRoute({ method: method as 'GET', url: path }), `${method} ${path}`).toBe(true);
  }
  await app.close();
});
