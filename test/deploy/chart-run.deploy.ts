import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseEnv } from 'dotenv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliCheckout } from '../cli/cli-checkout.js';
import { freePort } from '../support/free-ports.js';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres.js';
import { FETCH_TIMEOUT } from './cached-program.js';
import { type Container, type KubernetesObject, ofKind, render } from './chart.js';
import { environmentOf, RunningContainer, resolveService } from './container.js';
import { helm } from './programs.js';

const TOKEN = 'a-token-of-the-internal-port';
const bearer = { authorization: `Bearer ${TOKEN}` };

describe.skipIf(!helm.isAvailable)('the containers of the Helm chart', { timeout: 180_000 }, () => {
  let checkout: CliCheckout;
  let database: TestDatabase;
  let keys: string;
  let keysFolder: string;
  const running: RunningContainer[] = [];

  beforeAll(async () => {
    await helm.get();
    checkout = await CliCheckout.make();
    database = await createEmptyDatabase();
    keys = (await checkout.twinkey(['keys', 'generate'])).stdout;
    keysFolder = await mkdtemp(join(tmpdir(), 'twinkey-keys-'));
    await chmod(keysFolder, 0o755);
    const file = join(keysFolder, 'keys.env');
    await writeFile(file, keys);
    // As Kubernetes mounts a Secret for `fsGroup`.
    await chmod(file, 0o440);
    if (process.getuid?.() === 0) await chown(file, 0, 1000);
  }, FETCH_TIMEOUT);
  afterAll(async () => {
    await Promise.all(running.map((container) => container.stop('SIGKILL')));
    await database?.close();
    await checkout?.close();
    if (keysFolder) await rm(keysFolder, { recursive: true });
  });

  const renderWith = async (values: object): Promise<KubernetesObject[]> => {
    const ports = { identityProvider: 0, metrics: 0, userService: 0, internal: 0 };
    for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort();
    return render({
      settings: { JWT_ISSUER: 'https://id.example.com', JWT_AUDIENCE: 'example' },
      existingSecret: 'twinkey',
      ports,
      ...values,
    });
  };

  function start(container: Container, objects: KubernetesObject[]): RunningContainer {
    const secrets = { twinkey: { ...parseEnv(keys), DATABASE_URL: database.url, INTERNAL_API_TOKEN: TOKEN } };
    const env = environmentOf(container, secrets);
    const url = env['IDENTITY_PROVIDER_URL'];
    if (url) env['IDENTITY_PROVIDER_URL'] = resolveService(url, objects);
    const mounted = env['JWT_KEYS_FILE'];
    if (mounted) env['JWT_KEYS_FILE'] = mounted.replace('/etc/twinkey/keys', keysFolder);
    const started = new RunningContainer(container, checkout.path('bin/twinkey.cjs'), env);
    running.push(started);
    return started;
  }

  const containersOf = (objects: KubernetesObject[], kind: string): Container[] =>
    ofKind(objects, kind).map(({ spec }) => spec.template.spec.containers[0]);

  it('migrate, start, become ready and stop, on a read-only file system without rights', async () => {
    const objects = await renderWith({ keysFile: { existingSecret: 'keys' } });
    const [migration] = containersOf(objects, 'Job');
    expect(await start(migration as Container, objects).ended).toMatchObject({ code: 0 });

    const containers = containersOf(objects, 'Deployment');
    expect(containers.map(({ name }) => name)).toEqual(['identity-provider', 'user-service']);
    const [identityProvider, userService] = containers.map((container) => start(container, objects)) as [
      RunningContainer,
      RunningContainer,
    ];
    expect(await Promise.all([identityProvider.probe(), userService.probe()])).toEqual([200, 200]);

    expect(await identityProvider.get('metrics', '/metrics')).toBe(200);
    expect(await userService.get('internal', '/metrics')).toBe(401);
    expect(await userService.get('internal', '/metrics', bearer)).toBe(200);
    expect(await userService.get('users', '/users/me')).toBe(401);

    const [{ spec }] = ofKind(objects, 'Deployment') as [KubernetesObject];
    const since = performance.now();
    const ended = await Promise.all([identityProvider.stop(), userService.stop()]);
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    expect(performance.now() - since).toBeLessThan(spec.template.spec.terminationGracePeriodSeconds * 1_000);
  });

  it('become ready in mode combined, with worker processes', async () => {
    const objects = await renderWith({ mode: 'combined', combined: { workers: 2 } });
    const [migration] = containersOf(objects, 'Job');
    expect(await start(migration as Container, objects).ended).toMatchObject({ code: 0 });
    const [container] = containersOf(objects, 'Deployment') as [Container];
    const both = start(container, objects);
    expect(await both.probe()).toBe(200);
    expect(await both.get('identity', '/.well-known/jwks.json')).toBe(200);
    // A scrape fails while one of the worker processes still starts.
    const scrape = () => both.get('internal', '/metrics', bearer);
    await expect.poll(scrape, { timeout: 60_000, interval: 1_000 }).toBe(200);
    expect(await both.stop()).toMatchObject({ code: 0 });
  });
});
