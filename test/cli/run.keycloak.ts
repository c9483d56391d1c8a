import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from '../support/free-ports.js';
import { CliCheckout } from './cli-checkout.js';

let checkout: CliCheckout;
beforeAll(async () => {
  checkout = await CliCheckout.make();
});
afterAll(() => checkout.close());

it('starts a local Keycloak that both apps trust, and stops it with them', async () => {
  const env = { ...(await freePorts()), BCRYPT_COST: '10' };
  const running = checkout.start(['run', '--keycloak', '--keycloak-port', '0'], env);
  await running.untilPrinted('Ctrl-C stops it.');
  const [, keycloak = ''] =
    /Keycloak: (http:\/\/localhost:\d+), realm myrealm/.exec(running.output.stdout) ?? [];
  const { stdout } = await checkout.twinkey(['doctor', '--json'], {
    ...env,
    KEYCLOAK_URL: keycloak,
    KEYCLOAK_REALM: 'myrealm',
    KEYCLOAK_CLIENT_SECRET: 'change-me-in-production',
  });
  const check = JSON.parse(stdout).checks.find(({ name }: { name: string }) => name === 'keycloak.client');
  expect(check).toMatchObject({ status: 'ok' });
  const health = await fetch(`http://127.0.0.1:${env.USER_SERVICE_INTERNAL_PORT}/health`);
  expect(await health.json()).toMatchObject({ data: { checks: { database: 'ok', keycloak: 'ok' } } });

  running.child.kill('SIGINT');
  expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
  await expect(fetch(keycloak)).rejects.toThrow();
  expect(await checkout.isDatabaseStopped()).toBe(true);
});
