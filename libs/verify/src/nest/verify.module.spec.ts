import { Controller, Get, Logger, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createVerifier, keycloak, type Verifier } from '../create-verifier.js';
import { createTestIssuers } from '../testing/test-issuers.js';
import {
  Authenticated,
  Caller,
  NativeOnly,
  type Principal,
  Public,
  RequirePermission,
  VerifyModule,
} from './verify.module.js';

@Controller()
class ReportsController {
  @Get('health')
  @Public()
  health() {
    return 'ok';
  }

  @Get('mine')
  @Authenticated()
  mine(@Caller() caller: Principal) {
    return { sub: caller.sub };
  }

  @Get('native')
  @NativeOnly()
  native() {
    return 'native';
  }

  @Get('reports')
  @RequirePermission('reports:read', 'reports:write')
  reports() {
    return [];
  }

  @Post('forgotten')
  forgotten() {
    return 'never';
  }

  @Get('confused')
  @Public()
  confused(@Caller() caller: Principal) {
    return caller;
  }
}

const issuers = createTestIssuers();
const away = keycloak({ id: 'away', url: 'http://127.0.0.1:1', realm: 'away', audience: 'test' });
let verifier: Verifier;
let app: NestFastifyApplication;

beforeAll(async () => {
  verifier = createVerifier({ issuers: [...issuers.trusted, away] });
  @Module({
    imports: [VerifyModule.forRootAsync({ useFactory: async () => verifier })],
    controllers: [ReportsController],
  })
  class AppModule {}
  app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { logger: false });
  await app.init();
});
afterAll(() => app.close());

const call = (url: string, token?: string, method: 'GET' | 'POST' = 'GET') =>
  app.inject({ method, url, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });

describe('the guard', () => {
  it('opens a public route, without reading credentials', async () => {
    expect((await call('/health')).statusCode).toBe(200);
    expect((await call('/health', 'nonsense')).statusCode).toBe(200);
    expect((await call('/confused', issuers.native.mintToken())).statusCode).toBe(500);
  });

  it('passes the caller of both issuers to the handler', async () => {
    for (const { mintToken } of [issuers.native, issuers.keycloak]) {
      const answer = await call('/mine', mintToken({ claims: { sub: 'ada' } }));
      expect([answer.statusCode, answer.json()]).toEqual([200, { sub: 'ada' }]);
    }
  });

  it('answers 401 with a challenge, and one body for every reason', async () => {
    const absent = await call('/mine');
    expect(absent.statusCode).toBe(401);
    expect(absent.headers['www-authenticate']).toBe('Bearer');
    const bad = ['nonsense', issuers.native.mintToken({ claims: { exp: 1 } }), 'a b'];
    for (const token of bad) {
      const answer = await call('/mine', token);
      expect(answer.statusCode).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
      expect(answer.body).toBe(absent.body);
    }
  });

  it('answers 503 with Retry-After while keys are not available', async () => {
    const token = issuers.keycloak.mintToken({ claims: { iss: 'http://127.0.0.1:1/realms/away' } });
    const answer = await call('/mine', token);
    expect(answer.statusCode).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });

  it.each([
    [['reports:read'], 200],
    [['reports:write'], 200],
    [['*'], 200],
    [['reports:*', 'reports'], 403],
    [[], 403],
  ])('answers a caller who holds %j with %d', async (permissions, status) => {
    expect((await call('/reports', issuers.native.mintToken({ claims: { permissions } }))).statusCode).toBe(
      status,
    );
  });

  it('opens a route for native accounts to nobody else', async () => {
    expect((await call('/native', issuers.native.mintToken())).statusCode).toBe(200);
    expect((await call('/native', issuers.keycloak.mintToken())).statusCode).toBe(403);
  });

  it('refuses a route that declares nothing, and logs it', async () => {
    const error = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    const token = issuers.native.mintToken({ claims: { permissions: ['*'] } });
    expect((await call('/forgotten', token, 'POST')).statusCode).toBe(403);
    expect(error).toHaveBeenCalledWith('ReportsController.forgotten declares no access.');
    error.mockRestore();
  });
});

it('closes the verifier when the application shuts down', async () => {
  const own = createVerifier({ issuers: issuers.trusted });
  @Module({ imports: [VerifyModule.forRoot(own)] })
  class OwnModule {}
  const other = await NestFactory.create(OwnModule, new FastifyAdapter(), { logger: false });
  await other.init();
  await own.verify(issuers.native.mintToken());
  await other.close();
  await expect(own.verify(issuers.native.mintToken())).rejects.toMatchObject({ code: 'closed' });
});
