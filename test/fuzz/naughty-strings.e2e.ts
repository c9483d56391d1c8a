import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isStorable } from '#libs/core/ids.js';
import { type FuzzedApps, startFuzzedApps } from './fuzzed-apps.js';
import { OPERATIONS } from './operations.js';
import { Requests } from './requests.js';
import { STRINGS, stringsFor } from './strings.js';

const TIMEOUT = 600_000;

let apps: FuzzedApps;
beforeAll(async () => {
  apps = await startFuzzedApps();
});
afterAll(() => apps?.close());

/** Every parameter and field of every request that takes text. */
const INPUTS = OPERATIONS.flatMap((operation) => [
  ...operation.parameters.map((parameter) => ({ operation, ...parameter })),
  ...(operation.fields ?? []).map(({ name }) => ({ operation, in: 'body' as const, name })),
]);
const ME = OPERATIONS.filter(({ method, path }) => method === 'GET' && path.endsWith('/me'));
const HEADERS = [
  'authorization',
  'x-request-id',
  'origin',
  'accept',
  'content-type',
  'x-forwarded-for',
  'host',
];
const IN_HEADERS = ME.flatMap((operation) =>
  HEADERS.map((name) => ({ operation, in: 'header' as const, name })),
);

/**
 * Not answered with 200 or 201, for another reason than the string: wrong credentials, an unknown link, username, session or
 * factor, neither ids nor subs; or the mail is still to be sent.
 */
const OTHERWISE: Record<string, number> = {
  '/api/v1/accounts/{id}/invite': 202,
  '/api/v1/auth/email': 422,
  '/api/v1/auth/factors/passkeys': 422,
  '/api/v1/auth/factors/passkeys/options': 422,
  '/api/v1/auth/factors/recovery-codes': 422,
  '/api/v1/auth/factors/totp': 422,
  '/api/v1/auth/factors/totp/confirm': 422,
  '/api/v1/auth/factors/{id}': 404,
  '/api/v1/auth/forgot-password': 202,
  '/api/v1/auth/register': 202,
  '/api/v1/auth/reset-password': 422,
  '/api/v1/auth/undo-email': 422,
  '/api/v1/auth/verify-email': 422,
  '/api/v1/auth/login': 401,
  '/api/v1/auth/password': 422,
  '/api/v1/auth/refresh': 401,
  '/api/v1/auth/sessions/{id}': 404,
  '/users/batch': 422,
  '/users/username/{username}': 404,
};

it('requests are valid except for the string', { timeout: TIMEOUT }, async () => {
  const wrong: string[] = [];
  for (const operation of new Set(INPUTS.map((input) => input.operation))) {
    const requests = await Requests.to(operation, apps);
    const sent = requests.withParameter('header', 'accept', '*/*');
    const { status } = await apps.admin[operation.listener].send(sent);
    const expected = OTHERWISE[operation.path] ?? (status === 201 ? 201 : 200);
    if (status !== expected) wrong.push(`${operation.method} ${operation.path}: ${status}`);
  }
  expect(wrong).toEqual([]);
});

describe('a naughty string gets a valid response', () => {
  it.each(
    [...INPUTS, ...IN_HEADERS].map((input, index) => ({
      ...input,
      index,
      title: `${input.in} ${input.name} of ${input.operation.method} ${input.operation.path}`,
    })),
  )('as $title', { timeout: TIMEOUT }, async ({ operation, in: location, name, index }) => {
    const requests = await Requests.to(operation, apps);
    const statuses = new Set<number>();
    for (const text of stringsFor(index)) {
      const sent =
        location === 'body' ? requests.withField(name, text) : requests.withParameter(location, name, text);
      statuses.add((await apps.admin[operation.listener].send(sent)).status);
    }
    expect(statuses.size).toBeGreaterThan(0);
  });
});

const expectedStatus = (text: string, max: number) =>
  isStorable(text) && text.length > 0 && [...text].length <= max ? 200 : 422;

const nameFits = (text: string, max: number) =>
  /\p{Cc}/u.test(text) || /^[\s\p{Z}\p{Cf}\p{Default_Ignorable_Code_Point}]*$/u.test(text)
    ? 422
    : expectedStatus(text, max);

describe('stored text is returned unchanged', () => {
  it("as a user's names", { timeout: TIMEOUT }, async () => {
    const me = apps.admin['user-service'];
    for (const text of stringsFor(0)) {
      for (const [field, max] of Object.entries({ first_name: 255, last_name: 255, display_name: 100 })) {
        const sent = { method: 'PUT', path: '/users/me', body: JSON.stringify({ [field]: text }) };
        const stored = field === 'display_name' ? text : text.trim();
        expect((await me.send(sent)).status, JSON.stringify(text)).toBe(nameFits(stored, max));
        if (nameFits(stored, max) !== 200) continue;
        expect((await me.send({ method: 'GET', path: '/users/me' })).body.data[field]).toBe(stored);
        if (field === 'display_name') continue;
        const account = await apps.admin['identity-provider'].send({
          method: 'GET',
          path: '/api/v1/auth/me',
        });
        expect(account.body.data[field]).toBe(stored);
      }
    }
  });

  it('as keys and values of settings', { timeout: TIMEOUT }, async () => {
    const me = apps.admin['user-service'];
    const storable = STRINGS.filter((text) => isStorable(text) && text !== '__proto__');
    for (let start = 0; start < storable.length; start += 40) {
      const some = storable.slice(start, start + 40);
      const settings = {
        ...Object.fromEntries(some.map((text) => [text, [text]])),
        last: { [some[0]!]: some },
      };
      const body = JSON.stringify(settings);
      expect(Buffer.byteLength(body)).toBeLessThan(16_384);
      const put = await me.send({ method: 'PUT', path: '/users/me/settings', body });
      expect(put.status, body).toBe(200);
      const got = await me.send({ method: 'GET', path: '/users/me/settings' });
      expect(JSON.stringify(got.body.data)).toBe(body);
    }
  });

  it.each([
    { path: '/api/v1/roles', row: () => apps.idp.make.role() },
    { path: '/api/v1/permissions', row: () => apps.idp.make.permission() },
  ])('as a description under $path', { timeout: TIMEOUT }, async ({ path, row }) => {
    const admin = apps.admin['identity-provider'];
    const one = `${path}/${(await row()).id}`;
    for (const text of stringsFor(1)) {
      const sent = { method: 'PATCH', path: one, body: JSON.stringify({ description: text }) };
      const status = text === '' ? 200 : expectedStatus(text, 1_000);
      expect((await admin.send(sent)).status, JSON.stringify(text)).toBe(status);
      if (status !== 200) continue;
      expect((await admin.send({ method: 'GET', path: one })).body.data['description']).toBe(text);
    }
  });

  it("as an account's names", { timeout: TIMEOUT }, async () => {
    const admin = apps.admin['identity-provider'];
    const one = `/api/v1/accounts/${(await apps.idp.make.account()).id}`;
    for (const text of stringsFor(2)) {
      const sent = {
        method: 'PATCH',
        path: one,
        body: JSON.stringify({ first_name: text, last_name: text }),
      };
      const stored = text.trim();
      expect((await admin.send(sent)).status, JSON.stringify(text)).toBe(nameFits(stored, 255));
      if (nameFits(stored, 255) !== 200) continue;
      expect((await admin.send({ method: 'GET', path: one })).body.data).toMatchObject({
        first_name: stored,
        last_name: stored,
      });
    }
  });
});
