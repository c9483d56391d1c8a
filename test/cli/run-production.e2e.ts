import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'dotenv';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { freePorts } from '../support/free-ports.js';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { CliCheckout, ONE_LINE, type RunningCommand, type Variables } from './cli-checkout.js';

let checkout: CliCheckout;
let pair: Variables;
beforeAll(async () => {
  checkout = await CliCheckout.make();
  pair = parse((await checkout.twinkey(['keys', 'generate'])).stdout);
});
afterAll(() => checkout.close());

let database: TestDatabase;
let env: Variables;
beforeEach(async () => {
  database = await createTestDatabase();
  env = {
    ...pair,
    ...(await freePorts()),
    ENVIRONMENT: 'production',
    HOST: '127.0.0.1',
    JWT_ISSUER: 'https://id.example.com',
    JWT_AUDIENCE: 'example',
    DATABASE_URL: database.url,
  };
});
afterEach(() => database.close());

const port = () => Number(env['PORT']);

async function start(more: Variables = {}): Promise<RunningCommand> {
  const running = checkout.start(['run'], { ...env, ...more });
  await running.untilPrinted('user-service, internal listens');
  return running;
}

it('creates nothing itself: missing settings stop the start, and all of them are listed', async () => {
  const { code, stdout, stderr } = await checkout.twinkey(['run'], { ENVIRONMENT: 'production' });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  const named = stderr
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ', 1)[0]);
  expect(named.sort()).toEqual([
    'DATABASE_URL',
    'JWT_AUDIENCE',
    'JWT_ISSUER',
    'JWT_PRIVATE_KEY',
    'JWT_PUBLIC_KEY',
  ]);
  expect(await checkout.isDatabaseStopped()).toBe(true);
});

it('does not start with pending migrations, and applies none', async () => {
  const empty = await createEmptyDatabase();
  try {
    const { code, stderr } = await checkout.twinkey(['run'], { ...env, DATABASE_URL: empty.url });
    expect(code).toBe(1);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(/^Schema identity lacks .* twinkey migrate/);
    const status = await checkout.twinkey(['migrate', 'status', '--json'], {
      ...env,
      DATABASE_URL: empty.url,
    });
    expect(JSON.parse(status.stdout).schemas[0].migrations[0].applied).toBe(false);
  } finally {
    await empty.close();
  }
});

it('starts no local Keycloak', async () => {
  const { code, stderr } = await checkout.twinkey(['run', '--keycloak'], env);
  expect(code).toBe(1);
  expect(stderr).toMatch(ONE_LINE);
  expect(stderr).toContain('development');
});

it('becomes not ready first, continues to serve, and loses no request', async () => {
  const running = await start();
  const answers: (number | string)[] = [];
  const lastFlags: boolean[] = [];
  let isLoading = true;
  // Each client keeps its connection until the server asks it to close the connection.
  const clients = Array.from({ length: 8 }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (isLoading) {
      const { status, isLast } = await get('/.well-known/jwks.json', agent);
      answers.push(status);
      lastFlags.push(isLast);
      if (isLast) break;
    }
    agent.destroy();
  });
  await sleep(300);
  const stopped = performance.now();
  running.child.kill('SIGTERM');
  const idle = connect(port(), '127.0.0.1');
  await sleep(500);
  expect((await get('/health/ready')).status).toBe(503);
  expect((await get('/health/live')).status).toBe(200);
  isLoading = false;
  await Promise.all(clients);
  expect(new Set(answers)).toEqual(new Set([200]));
  expect(lastFlags.filter((isLast) => isLast)).toHaveLength(8);
  expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
  // The process did not wait for the connection without a request.
  expect(performance.now() - stopped).toBeLessThan(12_000);
  idle.destroy();
});

it('does not wait for a client that never ends its request', async () => {
  const running = await start();
  const socket = connect(port(), '127.0.0.1');
  socket.on('error', () => {});
  socket.write(
    'POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
  );
  await sleep(200);
  const stopped = performance.now();
  running.child.kill('SIGTERM');
  expect(await running.ended).toMatchObject({ code: 0 });
  expect(performance.now() - stopped).toBeLessThan(25_000);
});

it('ends immediately at a second signal', async () => {
  const running = await start();
  running.child.kill('SIGTERM');
  await sleep(1_200);
  const since = performance.now();
  running.child.kill('SIGTERM');
  expect(await running.ended).toMatchObject({ code: 143 });
  expect(performance.now() - since).toBeLessThan(1_000);
});

it.each([
  ['an uncaught exception', 'setTimeout(() => { throw new Error("boom") }, 100)'],
  ['an unhandled rejection', 'setTimeout(() => Promise.reject(new Error("boom")), 100)'],
])(
  'logs %s, drains, and ends with exit code 1',
  async (_, fault) => {
    const onSignal = `process.once('SIGUSR2', () => { ${fault} })`;
    const running = await start({
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(onSignal)}`,
    });
    running.child.kill('SIGUSR2');
    await running.untilPrinted('boom');
    expect((await get('/health/ready')).status).toBe(503);
    const { code, stdout, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const fatal = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ level }) => level === 'fatal');
    expect(fatal).toMatchObject([{ err: { message: 'boom', stack: expect.any(String) } }]);
  },
  60_000,
);

/** The status or the error code, and whether the server asked the client to close the connection. */
function get(path: string, agent?: Agent): Promise<{ status: number | string; isLast: boolean }> {
  return new Promise((resolve) => {
    request({ host: '127.0.0.1', port: port(), path, agent }, (response) => {
      response
        .resume()
        .once('end', () =>
          resolve({ status: response.statusCode ?? 0, isLast: response.headers.connection === 'close' }),
        );
    })
      .once('error', (error: NodeJS.ErrnoException) =>
        resolve({ status: error.code ?? error.message, isLast: true }),
      )
      .end();
  });
}
