import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePorts, listen, portOf } from '../support/free-ports.js';
import { createEmptyDatabase, createTestDatabase } from '../support/postgres.js';
import { runSql } from '../support/postgres-server.js';
import { CliCheckout, ONE_LINE, type Variables } from './cli-checkout.js';

const STARTED = 'Ctrl-C stops it.';

let built: CliCheckout;
beforeAll(async () => {
  built = await CliCheckout.make();
});
afterAll(() => built.close());

const api = (env: Variables) => `http://127.0.0.1:${env['PORT']}`;
const internal = (env: Variables) => `http://127.0.0.1:${env['USER_SERVICE_INTERNAL_PORT']}`;
const login = (env: Variables, email: string, password: string) =>
  fetch(`${api(env)}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });

describe('run in development, on a machine with nothing but Node', () => {
  let checkout: CliCheckout;
  let env: Variables;
  beforeEach(async () => {
    checkout = await built.clone();
    env = { ...(await freePorts()), BCRYPT_COST: '10' };
  });
  afterEach(() => checkout.close());

  it('creates database, keys and demo accounts, prints all URLs, and reuses everything', async () => {
    const first = checkout.start([], env);
    await first.untilPrinted(STARTED);
    for (const text of [
      `${api(env)}/api/v1`,
      `${api(env)}/docs`,
      `http://127.0.0.1:${env['USER_SERVICE_PORT']}`,
      internal(env),
      'admin@example.com / admin123',
      'user@example.com / user123',
    ]) {
      expect(first.output.stdout).toContain(text);
    }
    const { data } = (await (await login(env, 'user@example.com', 'user123')).json()) as {
      data: { token: string };
    };
    const me = await fetch(`http://127.0.0.1:${env['USER_SERVICE_PORT']}/users/me`, {
      headers: { authorization: `Bearer ${data.token}` },
    });
    expect(me.status).toBe(200);
    const keys = await readFile(checkout.path('.twinkey/keys.env'), 'utf8');
    expect((await stat(checkout.path('.twinkey/keys.env'))).mode & 0o777).toBe(0o600);
    first.child.kill('SIGINT');
    expect(await first.ended).toMatchObject({ code: 0, stderr: '' });
    expect(await checkout.isDatabaseStopped()).toBe(true);
    await expect(fetch(`${api(env)}/health/live`)).rejects.toThrow();

    const second = checkout.start(['run', 'all'], env);
    await second.untilPrinted(STARTED);
    expect(await readFile(checkout.path('.twinkey/keys.env'), 'utf8')).toBe(keys);
    const again = await fetch(`http://127.0.0.1:${env['USER_SERVICE_PORT']}/users/me`, {
      headers: { authorization: `Bearer ${data.token}` },
    });
    expect(await again.json()).toEqual(await me.json());
    // Browsers open connections before they send requests.
    const unused = connect(Number(env['PORT']), '127.0.0.1').on('error', () => {});
    await once(unused, 'connect');
    const stopped = performance.now();
    second.child.kill('SIGTERM');
    expect(await second.ended).toMatchObject({ code: 0, stderr: '' });
    expect(performance.now() - stopped).toBeLessThan(4_000);
  });

  it('allows one running start per checkout, while other commands share its database', async () => {
    const first = checkout.start([], env);
    await first.untilPrinted(STARTED);
    const second = await checkout.twinkey([], { ...env, ...(await freePorts()) });
    expect(second).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(ONE_LINE) });
    expect(second.stderr).toContain(`already running from this checkout (process ${first.child.pid})`);

    const status = await checkout.twinkey(['migrate', 'status', '--json'], env);
    expect(JSON.parse(status.stdout).pending).toBe(0);
    expect(await checkout.twinkey(['seed'], env)).toMatchObject({ code: 0 });
    const { stdout } = await checkout.twinkey(['doctor', '--json'], env);
    const published = JSON.parse(stdout).checks.find(
      ({ name }: { name: string }) => name === 'keys.published',
    );
    expect(published.status).toBe('ok');
    expect((await fetch(`${api(env)}/health/ready`)).status).toBe(200);
  });

  it.each(['PORT', 'USER_SERVICE_PORT', 'USER_SERVICE_INTERNAL_PORT', 'METRICS_PORT'])(
    'names the port and the variable if %s is taken, and leaves no process running',
    async (variable) => {
      const other = await listen();
      try {
        const { code, stderr } = await checkout.twinkey(['run'], { ...env, [variable]: portOf(other) });
        expect(code).toBe(1);
        expect(stderr).toMatch(ONE_LINE);
        expect(stderr).toMatch(new RegExp(`${portOf(other)} .*\\b${variable}\\b`));
        expect(await checkout.isDatabaseStopped()).toBe(true);
      } finally {
        other.close();
      }
    },
  );

  it('runs each app in a separate process, with one database', async () => {
    const apps = [
      checkout.start(['run', 'identity-provider'], env),
      checkout.start(['run', 'user-service'], env),
    ];
    await Promise.all(apps.map((app) => app.untilPrinted(STARTED)));
    const { data } = (await (await login(env, 'admin@example.com', 'admin123')).json()) as {
      data: { token: string };
    };
    // user-service fetches the permission and the key from identity-provider.
    const users = await fetch(`http://127.0.0.1:${env['USER_SERVICE_PORT']}/users`, {
      headers: { authorization: `Bearer ${data.token}` },
    });
    expect(users.status).toBe(200);
    for (const { child } of apps) child.kill('SIGINT');
    for (const { ended } of apps) expect(await ended).toMatchObject({ code: 0, stderr: '' });
    expect(await checkout.isDatabaseStopped()).toBe(true);
  });

  it('chooses free ports for port 0, and uses the chosen port in the issuer', async () => {
    const anywhere = { ...env, PORT: '0', USER_SERVICE_PORT: '0', USER_SERVICE_INTERNAL_PORT: '0' };
    const running = checkout.start(['run'], anywhere);
    await running.untilPrinted(STARTED);
    const [, port = ''] = /127\.0\.0\.1:(\d+)\/api\/v1/.exec(running.output.stdout) ?? [];
    const discovery = await fetch(`http://127.0.0.1:${port}/.well-known/openid-configuration`);
    expect(await discovery.json()).toMatchObject({ issuer: `http://localhost:${port}` });
  });

  it('ends cleanly if it is stopped during the start', async () => {
    const running = checkout.start([], env);
    while (await checkout.isDatabaseStopped()) await sleep(5);
    running.child.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
    const since = performance.now();
    while (!(await checkout.isDatabaseStopped())) {
      expect(performance.now() - since).toBeLessThan(10_000);
      await sleep(50);
    }
  });

  it('lists all invalid settings at once, and starts nothing', async () => {
    await writeFile(checkout.path('.env'), 'BCRYPT_COST=4\nLOG_LEVEL=loud\n');
    const { code, stdout, stderr } = await checkout.twinkey(['run'], {
      ...env,
      BCRYPT_COST: '',
      TRUST_PROXY: 'true',
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.trimEnd().split('\n').sort()).toEqual([
      expect.stringMatching(/^LOG_LEVEL must be one of/),
      expect.stringMatching(/^TRUST_PROXY /),
    ]);
    expect(await checkout.isDatabaseStopped()).toBe(true);
    expect(existsSync(checkout.path('.twinkey/keys.env'))).toBe(false);
  });

  it('lists them also if ENVIRONMENT itself is invalid', async () => {
    const { code, stderr } = await checkout.twinkey(['run'], { ...env, ENVIRONMENT: 'prod', PORT: 'abc' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ENVIRONMENT must be one of/m);
    expect(stderr).toMatch(/^PORT must be/m);
  });

  it('refuses its own key file if other users can read it', async () => {
    const running = checkout.start([], env);
    await running.untilPrinted(STARTED);
    running.child.kill('SIGINT');
    await running.ended;
    const file = checkout.path('.twinkey/keys.env');
    const text = await readFile(file, 'utf8');
    await rm(file);
    await writeFile(file, text, { mode: 0o644 });
    const { code, stderr } = await checkout.twinkey([], env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/keys\.env .*chmod 600/);
  });
});

describe('run in development, with a given database', () => {
  let env: Variables;
  beforeEach(async () => {
    env = { ...(await freePorts()), BCRYPT_COST: '10' };
  });

  it.each(['DATABASE_URL', 'IDENTITY_DATABASE_URL'])(
    'in %s: migrates it, and adds demo accounts only if it has no account',
    async (variable) => {
      const database = await createEmptyDatabase();
      env[variable] = database.url;
      try {
        const first = built.start([], env);
        await first.untilPrinted(STARTED);
        expect(first.output.stdout).toContain('admin@example.com / admin123');
        first.child.kill('SIGINT');
        await first.ended;
        await runSql(database.url, `DELETE FROM identity.accounts WHERE email = 'user@example.com'`);

        const second = built.start([], env);
        await second.untilPrinted(STARTED);
        expect(second.output.stdout).toContain('admin@example.com / admin123');
        expect(second.output.stdout).not.toContain('user@example.com');
        second.child.kill('SIGINT');
        await second.ended;
        expect(await runSql(database.url, 'SELECT email FROM identity.accounts')).toEqual([
          { email: 'admin@example.com' },
        ]);
      } finally {
        await database.close();
      }
    },
  );

  it('neither seeds nor prints a banner outside development', async () => {
    const database = await createTestDatabase();
    const keys = await built.twinkey(['keys', 'generate']);
    const pair = Object.fromEntries(
      keys.stdout
        .trim()
        .split('\n')
        .map((line) => line.split(/=(.*)/s, 2)),
    );
    try {
      const running = built.start(['run'], {
        ...env,
        ...pair,
        ENVIRONMENT: 'test',
        DATABASE_URL: database.url,
      });
      await running.untilPrinted(/"url":"http:\/\/127\.0\.0\.1:\d+".*user-service, internal/);
      for (const line of running.output.stdout.trimEnd().split('\n')) JSON.parse(line);
      expect(await runSql(database.url, 'SELECT FROM identity.accounts')).toEqual([]);
      running.child.kill('SIGTERM');
      expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
    } finally {
      await database.close();
    }
  });
});
