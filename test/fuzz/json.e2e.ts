import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FuzzedApps, startFuzzedApps } from './fuzzed-apps.js';
import { EITHER, INVALID, INVALID_BYTES, VALID } from './json-cases.js';
import { OPERATIONS, type Operation } from './operations.js';
import { Requests } from './requests.js';

let apps: FuzzedApps;
beforeAll(async () => {
  apps = await startFuzzedApps();
});
afterAll(() => apps?.close());

const WRITES = OPERATIONS.filter(({ method }) => ['POST', 'PUT', 'PATCH'].includes(method)).map(
  (operation) => ({
    ...operation,
    title: `${operation.method} ${operation.path}`,
  }),
);

/** The statuses of each body; what a Sender takes for unsound fails by itself. */
async function statusesOf(operation: Operation, bodies: readonly (string | Buffer)[]) {
  const requests = await Requests.to(operation, apps);
  const endsSession = operation.path.endsWith('/logout');
  const sender = endsSession ? await apps.anotherSession() : apps.admin[operation.listener];
  const seen: { body: string; status: number }[] = [];
  for (const body of bodies) {
    const { status } = await sender.send(requests.withBody(body));
    seen.push({ body: String(body.slice(0, 100)), status });
  }
  return seen;
}

describe.each(WRITES)('$title', { timeout: 120_000 }, (operation) => {
  it('answers 400 to what is not JSON', async () => {
    // Clients that always name a content type do so without a body too, where there is none to send.
    const bodies = [...INVALID, ...INVALID_BYTES].filter((body) => operation.fields || body.length > 0);
    const seen = await statusesOf(operation, bodies);
    expect(seen.filter(({ status }) => status !== 400)).toEqual([]);
  });

  it('reads all that is JSON, and says what else is wrong with it', async () => {
    const seen = await statusesOf(operation, VALID);
    expect(seen.filter(({ status }) => status === 400)).toEqual([]);
  });

  it('has a sound answer to what is JSON to some', async () => {
    expect(await statusesOf(operation, EITHER)).toHaveLength(EITHER.length);
  });
});
