import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Injectable, Module, Param, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { register } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { HttpModule } from '#libs/http/application/http.module.js';
import { createHttpApp } from '#libs/http/application/http-app.js';
import { createLogger } from '#libs/observability/logger.js';
import { keycloakIssuer } from '#libs/verify/src/issuers/keycloak-issuer.js';
import { nativeIssuer } from '#libs/verify/src/issuers/native-issuer.js';
import { Caller, Public } from '#libs/verify/src/nest/access.js';
import { type Principal, principalOf, type VerifiedToken } from '#libs/verify/src/principal.js';
import {
  keycloakToken,
  type Members,
  nativeToken,
  signToken,
  testKey,
} from '#libs/verify/src/testing/tokens.js';
import { TokenError } from '#libs/verify/src/token-error.js';
import { answerKeys, type JwksServer, startJwksServer } from '../../test/support/jwks-server.js';
import { Authenticated, NativeOnly, RequirePermission } from './access.js';
import { AuthModule } from './auth.module.js';
import { BearerGuard } from './bearer.guard.js';
import { CallerResolver } from './caller-resolver.js';

const NATIVE = 'https://id.example.com';
const KEYCLOAK = 'https://keycloak.example.com/realms/myrealm';
/** A realm whose server does not exist. */
const AWAY = 'https://keycloak.example.com/realms/away';
const key = testKey('k');

@Controller('things')
class ThingsController {
  @Get('open')
  @Public()
  open() {
    return 'open';
  }

  @Get('mine')
  @Authenticated()
  mine(@Caller() caller: Principal) {
    return { sub: caller.sub, issuer: caller.issuer };
  }

  @Post('mine')
  @Authenticated()
  change() {
    return 'changed';
  }

  @Get('native')
  @NativeOnly()
  native() {
    return 'native';
  }

  @Get('either')
  @RequirePermission('roles:update', 'roles:delete')
  either() {
    return 'either';
  }

  @Get(':id')
  @RequirePermission('roles:read')
  read(@Param('id') id: string) {
    return id;
  }

  @Post()
  undeclared() {
    return 'never';
  }

  @Get('confused/public')
  @Public()
  confused(@Caller() caller: Principal) {
    return caller;
  }
}

/** Takes the permissions, and whether the session has ended, from claims that a test sets. */
@Injectable()
class TestResolver extends CallerResolver {
  static asked: (readonly string[])[] = [];

  override async resolve(
    token: VerifiedToken,
    _request: unknown,
    permissions: readonly string[],
  ): Promise<Principal> {
    TestResolver.asked.push(permissions);
    if (token.sessionId === 'ended') throw new TokenError('session_ended');
    return principalOf(token);
  }
}

let app: NestFastifyApplication;
let jwks: JwksServer;
let lines: Members[] = [];

beforeAll(async () => {
  jwks = await startJwksServer(answerKeys(key));
  const realm = { url: 'https://keycloak.example.com', audience: 'user-service' };
  @Module({
    imports: [
      AuthModule.forRoot({
        issuers: {
          useFactory: async () => [
            nativeIssuer({
              issuer: NATIVE,
              audience: NATIVE,
              maxLifetimeSeconds: 3_600,
              keys: [key],
            }),
            keycloakIssuer({ ...realm, realm: 'myrealm', internalUrl: new URL(jwks.url).origin }),
            keycloakIssuer({ ...realm, id: 'away', realm: 'away', internalUrl: 'http://127.0.0.1:1' }),
          ],
        },
        resolver: TestResolver,
      }),
      HttpModule.forRoot(),
    ],
    controllers: [ThingsController],
  })
  class TestModule {}
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const logger = await createLogger({ level: 'debug', destination });
  app = await createHttpApp(TestModule, { name: 'test', logger });
  await app.listen(0, '127.0.0.1');
});
afterAll(async () => {
  await app.close();
  await jwks.close();
});
beforeEach(() => {
  lines = [];
  TestResolver.asked = [];
});

const native = (claims: Members = {}, header: Members = {}) => {
  const good = nativeToken(NATIVE, NATIVE, 'k');
  return signToken({ header: { ...good.header, ...header }, claims: { ...good.claims, ...claims } }, key);
};
const keycloak = (issuer = KEYCLOAK) => signToken(keycloakToken(issuer, 'user-service', 'k'), key);

const call = (path: string, authorization?: string, options: Members = {}) =>
  app.inject({
    method: 'GET',
    url: `/things${path}`,
    headers: authorization ? { authorization } : {},
    ...options,
  });

describe('a public route', () => {
  it('does not read credentials', async () => {
    for (const authorization of [
      undefined,
      'Bearer nonsense',
      'Basic YTpi',
      `Bearer ${native({ exp: 1 })}`,
    ]) {
      expect((await call('/open', authorization)).statusCode).toBe(200);
    }
  });

  it('has no caller', async () => {
    expect((await call('/confused/public', `Bearer ${native()}`)).statusCode).toBe(500);
  });
});

describe('a route that declares nothing', () => {
  it('is refused for every caller, and logged', async () => {
    const token = native({ permissions: ['*'] });
    const refused = await call('', `Bearer ${token}`, { method: 'POST' });
    expect(refused.statusCode).toBe(403);
    expect(refused.json().errors[0].code).toBe('forbidden');
    const line = lines.find(({ level }) => level === 'error');
    expect(line).toMatchObject({ msg: 'route declares no access', route: 'ThingsController.undeclared' });
  });
});

describe('a route that needs a token', () => {
  it('answers with a challenge where there are no credentials', async () => {
    const answer = await call('/mine');
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.json()).toMatchObject({
      code: 401,
      data: null,
      errors: [{ field: null, code: 'unauthorized' }],
    });
  });

  it('gives the same answer for every bad token, and writes the reason to the log only', async () => {
    const bad: [string, string][] = [
      ['Basic YTpi', 'credentials_malformed'],
      ['Bearer', 'credentials_malformed'],
      ['Bearer nonsense', 'malformed'],
      [`Bearer ${native({}, { alg: 'none' })}`, 'algorithm'],
      [`Bearer ${native({ exp: 1 })}`, 'expired'],
      [`Bearer ${native({ iss: 'https://evil.example.com' })}`, 'issuer_unknown'],
      [`Bearer ${native()}x`, 'malformed'],
      [`Bearer ${native({ sid: 'ended' })}`, 'session_ended'],
    ];
    const absent = await call('/mine');
    for (const [authorization, reason] of bad) {
      lines = [];
      const answer = await call('/mine', authorization);
      expect(answer.statusCode).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
      expect(answer.body).toBe(absent.body);
      expect(lines.find(({ msg }) => msg === 'token rejected')?.reason).toBe(reason);
    }
    expect(await register.metrics()).toContain('twinkey_rejected_tokens_total{reason="session_ended"} 1');
  });

  it('never logs a token, and escapes what it logs of one', async () => {
    const token = native({}, { kid: 'a\r\n{"level":"fatal"}\u001b[2J\u2028' });
    await call('/mine', `Bearer ${token}`);
    const logged = JSON.stringify(lines);
    expect(logged).not.toContain(token.split('.')[1]);
    expect(lines.find(({ msg }) => msg === 'token rejected')?.detail).toBe(
      'a\\u000d\\u000a{"level":"fatal"}\\u001b[2J\\u2028',
    );
  });

  it('accepts a valid token and passes its caller to the handler, cached or not', async () => {
    const token = native();
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      const answer = await call('/mine', `${scheme} ${token}`);
      expect(answer.json().data).toEqual({ sub: '0199d3a8-6c1e-7b55-9d5f-2f3d7a1f0c11', issuer: 'native' });
    }
    expect(lines.at(-1)).toMatchObject({ principal: 'native:0199d3a8-6c1e-7b55-9d5f-2f3d7a1f0c11' });
  });

  it('verifies a token once and resolves its caller at every request', async () => {
    const verify = vi.spyOn(BearerGuard.prototype, 'verify');
    const token = native({ jti: 'again' });
    for (let index = 0; index < 3; index++) await call('/mine', `Bearer ${token}`);
    expect(verify).toHaveBeenCalledTimes(1);
    expect(TestResolver.asked).toEqual([[], [], []]);
    verify.mockRestore();
  });

  it('finds no token in a query, a body or a cookie', async () => {
    const token = native();
    const places = [
      { url: `/things/mine?access_token=${token}` },
      { headers: { cookie: `access_token=${token}; Authorization=Bearer ${token}` } },
      { method: 'POST', url: '/things/mine', payload: { access_token: token } },
      { headers: { 'x-authorization': `Bearer ${token}`, 'proxy-authorization': `Bearer ${token}` } },
    ];
    for (const place of places) {
      expect((await call('/mine', undefined, place)).statusCode).toBe(401);
    }
  });

  it('refuses two Authorization headers as they come over the wire', async () => {
    const { port } = app.getHttpServer().address() as AddressInfo;
    const send = (...tokens: string[]) =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = [
          'Host',
          'localhost',
          ...tokens.flatMap((token) => ['Authorization', `Bearer ${token}`]),
        ];
        get({ port, host: '127.0.0.1', path: '/things/mine', headers }, (response) => {
          response.resume();
          resolve(response.statusCode);
        }).on('error', reject);
      });
    const token = native();
    expect(await send(token)).toBe(200);
    expect(await send(token, token)).toBe(401);
    expect(await send(token, 'nonsense')).toBe(401);
    expect(await send('nonsense', token)).toBe(401);
  });
});

describe('a route that needs a permission', () => {
  const id = '0199d3a8-6c1e-7b55-9d5f-2f3d7a1f0c11';

  it.each([
    [['roles:read'], 200],
    [['*'], 200],
    [[], 403],
    [['roles:*'], 403],
    [['roles:readAll', 'roles:rea', 'Roles:read'], 403],
  ])('answers a caller who holds %j with %d', async (permissions, status) => {
    const answer = await call(`/${id}`, `Bearer ${native({ permissions })}`);
    expect(answer.statusCode).toBe(status);
    if (status === 403) expect(answer.json().errors[0].code).toBe('forbidden');
    expect(TestResolver.asked).toEqual([['roles:read']]);
  });

  it.each([
    [['roles:update'], 200],
    [['roles:delete'], 200],
    [['*'], 200],
    [[], 403],
    [['roles:read', 'roles'], 403],
  ])(
    'answers a caller who holds %j with %d where one of two permissions will do',
    async (permissions, status) => {
      expect((await call('/either', `Bearer ${native({ permissions })}`)).statusCode).toBe(status);
    },
  );

  it('answers 401 and 403 before it checks the path’s id and the query', async () => {
    expect((await call('/no-id?x=1')).statusCode).toBe(401);
    expect((await call('/no-id?x=1', `Bearer ${native()}`)).statusCode).toBe(403);
    expect((await call('/no-id?x=1', `Bearer ${native({ permissions: ['*'] })}`)).statusCode).toBe(404);
    expect((await call(`/${id}?x=1`, `Bearer ${native({ permissions: ['*'] })}`)).statusCode).toBe(422);
  });
});

describe('a Keycloak token', () => {
  it('is accepted', async () => {
    const answer = await call('/mine', `Bearer ${keycloak()}`);
    expect(answer.json().data).toEqual({ sub: 'c0139d68-ba04-4470-8a0f-b9a00b453183', issuer: 'keycloak' });
  });

  it('does not open routes for native accounts', async () => {
    const answer = await call('/native', `Bearer ${keycloak()}`);
    expect(answer.statusCode).toBe(403);
    expect(answer.json().errors[0].code).toBe('native_account_required');
    expect((await call('/native', `Bearer ${native()}`)).statusCode).toBe(200);
  });

  it('is 503 while its keys are not available; other issuers work', async () => {
    const answer = await call('/mine', `Bearer ${keycloak(AWAY)}`);
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('10');
    expect(answer.json().errors[0].code).toBe('keys_unavailable');
    expect((await call('/mine', `Bearer ${keycloak()}`)).statusCode).toBe(200);
    expect((await call('/mine', `Bearer ${native()}`)).statusCode).toBe(200);
  });
});

describe('path tricks', () => {
  it.each([
    '//things/mine',
    '/things//mine',
    '/things/mine/',
    '/things/%6dine',
    '/THINGS/MINE',
    '/things/mine;x',
    '/things/open/..%2fmine',
    '/things/open/../mine',
    '/./things/mine',
  ])('%s opens nothing', async (url) => {
    expect([401, 404]).toContain((await call('', undefined, { url })).statusCode);
  });

  it.each(['HEAD', 'OPTIONS', 'TRACE'])('%s opens nothing', async (method) => {
    expect([401, 404, 405]).toContain((await call('/mine', undefined, { method })).statusCode);
  });

  it('headers that name another path or method are not read', async () => {
    const headers = {
      'x-original-url': '/things/open',
      'x-rewrite-url': '/things/open',
      'x-http-method-override': 'OPTIONS',
    };
    expect((await call('/mine', undefined, { headers })).statusCode).toBe(401);
  });
});

it('an access declared twice is refused when the class is made', () => {
  const twice = () => {
    class Twice {
      @Authenticated()
      @RequirePermission('roles:read')
      read() {}
    }
    return Twice;
  };
  expect(twice).toThrow('read declares its access twice.');
});
