import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FuzzedApps, startFuzzedApps } from './fuzzed-apps.js';
import { EITHER, INVALID, INVALID_BYTES, VALID } from './json-cases.js';
import { type FuzzedOperation, OPERATIONS } from './operations.js';
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

/** The status for each body. The sender itself fails on an invalid response. */
async function statusesOf(operation: FuzzedOperation, bodies: readonly (string | Buffer)[]) {
  const requests = await Requests.to(operation, apps);
  const endsSession = /\/logout(-all)?$/.test(operation.path);
  const sender = endsSession ? await apps.anotherAdmin() : apps.admin[operation.listener];
  const seen: { body: string; status: number }[] = [];
  for (const body of bodies) {
    const { status } = await sender.send(requests.withBody(body));
    seen.push({ body: String(body.slice(0, 100)), status });
  }
  return seen;
}

describe.each(WRITES)('$title', { timeout: 120_000 }, (operation) => {
  it('answers 400 to invalid JSON', async () => {
    // Operations without a body accept an empty one, because some clients always send a content type.
    const bodies = [...INVALID, ...INVALID_BYTES].filter((body) => operation.fields || body.length > 0);
    const seen = await statusesOf(operation, bodies);
    expect(seen.filter(({ status }) => status !== 400)).toEqual([]);
  });

  it('parses all valid JSON, and does not answer 400', async () => {
    const seen = await statusesOf(operation, VALID);
    expect(seen.filter(({ status }) => status === 400)).toEqual([]);
  });

  it('has a valid response to JSON that parsers may reject', async () => {
    expect(await statusesOf(operation, EITHER)).toHaveLength(EITHER.length);
  });
});
