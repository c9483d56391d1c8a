import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from '../support/free-ports.js';
import { createTestDatabase } from '../support/postgres.js';
import { CliCheckout } from './cli-checkout.js';

const FILES = ['openapi/identity-provider.json', 'openapi/internal.json', 'openapi/user-service.json'];

let checkout: CliCheckout;
beforeAll(async () => {
  checkout = await CliCheckout.make();
});
afterAll(() => checkout.close());

it('writes the checked-in documents, without a database and without settings', async () => {
  const { code, stdout, stderr } = await checkout.twinkey(['openapi'], { ENVIRONMENT: 'production' });
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${FILES.join('\n')}\n`, stderr: '' });
  for (const file of FILES) {
    const checkedIn = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
    // If this fails: npm run build && npm run twinkey -- openapi
    expect(await readFile(checkout.path(file), 'utf8'), file).toBe(checkedIn);
  }
});

it('writes the documents that the apps serve', async () => {
  const database = await createTestDatabase();
  const env = { ...(await freePorts()), DATABASE_URL: database.url };
  try {
    await checkout.twinkey(['openapi']);
    const running = checkout.start(['run'], env);
    await running.untilPrinted('Ctrl-C stops it.');
    for (const [file, port] of [
      [FILES[0], env.PORT],
      [FILES[1], env.USER_SERVICE_INTERNAL_PORT],
      [FILES[2], env.USER_SERVICE_PORT],
    ]) {
      const served = await (await fetch(`http://127.0.0.1:${port}/openapi.json`)).text();
      // The issuer of this run has its own port.
      const expected = served.replaceAll(
        `http://localhost:${env.PORT}/oauth/`,
        'http://localhost:8001/oauth/',
      );
      expect(JSON.parse(expected)).toEqual(JSON.parse(await readFile(checkout.path(file ?? ''), 'utf8')));
    }
    running.child.kill('SIGKILL');
    await running.ended;
  } finally {
    await database.close();
  }
});
