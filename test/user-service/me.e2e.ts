import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Identity } from '#libs/database/users/identity.entity.js';
import { startTestUserService, type TestUserService } from '../support/user-service.js';

let service: TestUserService;
beforeAll(async () => {
  service = await startTestUserService();
});
afterAll(() => service.close());

const seconds = () => Math.floor(Date.now() / 1_000);
const countOf = (sub: string) => service.database.manager.countBy(Identity, { sub });

describe('GET /users/me', () => {
  it('creates the profile at the first call, and returns the same one later', async () => {
    const sub = randomUUID();
    const ada = service.native({ sub, email: 'Ada@example.com', preferred_username: 'Ada@example.com' });
    const first = await ada.get('/users/me');
    expect(first.status).toBe(200);
    expect(first.data).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{14}7/),
      issuer: 'native',
      sub,
      username: 'Ada@example.com',
      email: 'Ada@example.com',
      email_verified: true,
      first_name: 'Ada',
      last_name: 'Lovelace',
      display_name: null,
      profile_picture: null,
      status: 'active',
      settings: {},
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
    });
    expect((await ada.get('/users/me')).data).toEqual(first.data);
  });

  it('creates one profile for a thousand first calls at once', { timeout: 60_000 }, async () => {
    const sub = randomUUID();
    const ada = service.native({ sub });
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => ada.get('/users/me')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ data }) => data.id)).size).toBe(1);
    expect(await countOf(sub)).toBe(1);
  });

  it('is 304 for a client that has the current version', async () => {
    const ada = service.native();
    const { headers } = await ada.get('/users/me');
    const etag = headers.get('etag') as string;
    expect((await ada.get('/users/me', { 'if-none-match': etag })).status).toBe(304);
  });

  it.each<[unknown, string]>([
    ['', 'an empty subject'],
    [' ', 'a blank subject'],
    ['a\0b', 'a subject with NUL'],
    ['x'.repeat(3_000), 'a subject of 3 kB'],
    [7, 'a subject that is a number'],
  ])('makes no row of %j: %s is 401', async (sub, _what) => {
    const before = await service.database.manager.count(Identity);
    const { status, headers } = await service.native({ sub }).get('/users/me');
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    expect(await service.database.manager.count(Identity)).toBe(before);
  });

  it('is 401 with a challenge where there is no token', async () => {
    const { status, headers, errors } = await service.api.get('/users/me');
    expect([status, headers.get('www-authenticate'), errors]).toEqual([401, 'Bearer', ['- unauthorized']]);
  });
});

describe('issuer-owned fields', () => {
  it('are updated by a later token, and not by an older one', async () => {
    const sub = randomUUID();
    const older = service.native({ sub, family_name: 'Byron', iat: seconds() - 60 });
    const newer = service.native({ sub, family_name: 'Lovelace', iat: seconds() - 30 });
    expect((await older.get('/users/me')).data.last_name).toBe('Byron');
    expect((await newer.get('/users/me')).data.last_name).toBe('Lovelace');
    expect((await older.get('/users/me')).data.last_name).toBe('Lovelace');
  });

  it('stay where a later token has no such claim', async () => {
    const sub = randomUUID();
    await service.native({ sub, iat: seconds() - 60 }).get('/users/me');
    const silent = service.native({ sub, family_name: undefined, email: undefined, iat: seconds() - 30 });
    const { data } = await silent.get('/users/me');
    expect(data.last_name).toBe('Lovelace');
    expect(data.email).toMatch(/@example\.com$/);
  });

  it('get the time of the newest token also when nothing differs', async () => {
    const sub = randomUUID();
    const names = { email: 'same@example.com', preferred_username: `${sub}@example.com` };
    await service.native({ sub, ...names, iat: seconds() - 60 }).get('/users/me');
    const { data, headers } = await service.native({ sub, ...names, iat: seconds() - 30 }).get('/users/me');
    const identity = await service.database.manager.findOneByOrFail(Identity, { sub });
    expect(identity.assertedAt.getTime()).toBeGreaterThanOrEqual((seconds() - 35) * 1_000);
    expect(headers.get('etag')).toBe('"1"');
    expect(data.updated_at).toBe(data.created_at);
  });

  it('move a username to the user with the newest claim', async () => {
    const name = `${randomUUID()}@example.com`;
    const before = service.native({ preferred_username: name, iat: seconds() - 60 });
    const after = service.native({ preferred_username: name.toUpperCase(), iat: seconds() - 30 });
    await before.get('/users/me');
    expect((await after.get('/users/me')).data.username).toBe(name.toUpperCase());
    expect((await before.get('/users/me')).data.username).toBeNull();
  });

  it('leave a username with the user whose claim is newer', async () => {
    const name = `${randomUUID()}@example.com`;
    await service.native({ preferred_username: name, iat: seconds() - 30 }).get('/users/me');
    const late = service.native({ preferred_username: name, iat: seconds() - 60 });
    expect((await late.get('/users/me')).data.username).toBeNull();
  });

  it('do not merge two users with the same email', async () => {
    const one = await service.native({ email: 'shared@example.com' }).get('/users/me');
    const other = await service.native({ email: 'shared@example.com' }).get('/users/me');
    expect(one.data.id).not.toBe(other.data.id);
    expect(other.data.email).toBe('shared@example.com');
  });
});

describe('PUT /users/me of application fields', () => {
  it('changes the given fields only', async () => {
    const ada = service.native();
    const change = { display_name: 'Countess', profile_picture: 'https://images.example.com/a.png' };
    const { status, data } = await ada.put('/users/me', change);
    expect(status).toBe(200);
    expect(data).toMatchObject({ ...change, settings: {}, first_name: 'Ada' });
    expect((await ada.put('/users/me', { settings: { theme: 'dark' } })).data).toMatchObject({
      ...change,
      settings: { theme: 'dark' },
    });
  });

  it('clears fields that are null', async () => {
    const ada = service.native();
    await ada.put('/users/me', {
      display_name: 'x',
      profile_picture: 'https://x.example/',
      settings: { a: 1 },
    });
    const { data } = await ada.put('/users/me', {
      display_name: null,
      profile_picture: null,
      settings: null,
    });
    expect(data).toMatchObject({ display_name: null, profile_picture: null, settings: {} });
  });

  it('changes nothing where the body is empty', async () => {
    const ada = service.native();
    const { headers } = await ada.get('/users/me');
    const empty = await ada.put('/users/me', {});
    expect([empty.status, empty.headers.get('etag')]).toEqual([200, headers.get('etag')]);
  });

  it.each([
    [{ first_name: null }, ['first_name null_not_allowed']],
    [{ last_name: '' }, ['last_name too_short']],
    [{ last_name: ' ' }, ['last_name too_short']],
    [{ first_name: '\u3000\u2003\u200b' }, ['first_name too_short']],
    [{ first_name: 'x'.repeat(256) }, ['first_name too_long']],
    [{ first_name: ' ', last_name: '\u3000\u2003' }, ['first_name too_short', 'last_name too_short']],
    [{ last_name: 'a\nb' }, ['last_name invalid_characters']],
    [{ display_name: '' }, ['display_name too_short']],
    [{ display_name: ' \u3000' }, ['display_name too_short']],
    [{ display_name: 'a\u001bb' }, ['display_name invalid_characters']],
    [{ display_name: 'x'.repeat(101) }, ['display_name too_long']],
    [{ display_name: 'a\0b' }, ['display_name invalid_characters']],
    [{ profile_picture: 'http://x.example/a.png' }, ['profile_picture https_url_expected']],
    [{ profile_picture: 'javascript:alert(1)' }, ['profile_picture https_url_expected']],
    [{ profile_picture: 'data:image/png;base64,AAAA' }, ['profile_picture https_url_expected']],
    [{ profile_picture: `https://x.example/${'a'.repeat(2_048)}` }, ['profile_picture too_long']],
    [{ settings: [] }, ['settings object_expected']],
    [{ settings: 'dark' }, ['settings object_expected']],
    [{ settings: { a: 'x'.repeat(16 * 1024) } }, ['settings too_large']],
    [{ settings: { 'a\0': 1 } }, ['settings invalid_characters']],
    [
      {
        id: randomUUID(),
        sub: 'x',
        issuer: 'keycloak',
        status: 'active',
        email: 'x@example.com',
        display_name: 7,
      },
      [
        'id unknown_field',
        'sub unknown_field',
        'issuer unknown_field',
        'status unknown_field',
        'email unknown_field',
        'display_name string_expected',
      ],
    ],
  ])('refuses %j: 422 with every wrong field', async (change, expected) => {
    const ada = service.native();
    const before = await ada.get('/users/me');
    const { status, errors } = await ada.put('/users/me', change);
    expect([status, errors]).toEqual([422, expected]);
    expect((await ada.get('/users/me')).data).toEqual(before.data);
  });
});

describe('/users/me/settings', () => {
  it('returns exactly what was stored, including the order of the keys', async () => {
    const ada = service.native();
    const settings = { z: 1, a: { '🦄': ['Ω', 1.5, null, true] }, 'with "quotes"': "it's; DROP TABLE users" };
    expect((await ada.put('/users/me/settings', settings)).data).toEqual(settings);
    const { data } = await ada.get('/users/me/settings');
    expect(JSON.stringify(data)).toBe(JSON.stringify(settings));
    expect((await ada.get('/users/me')).data.settings).toEqual(settings);
  });

  it('replaces the old ones', async () => {
    const ada = service.native();
    await ada.put('/users/me/settings', { a: 1 });
    await ada.put('/users/me/settings', { b: 2 });
    expect((await ada.get('/users/me/settings')).data).toEqual({ b: 2 });
  });

  it('accepts at most 32 levels', async () => {
    const nested = (levels: number): unknown => (levels === 1 ? {} : { a: nested(levels - 1) });
    const ada = service.native();
    expect((await ada.put('/users/me/settings', nested(32))).status).toBe(200);
    const { status, errors } = await ada.put('/users/me/settings', nested(33));
    expect([status, errors]).toEqual([422, ['- too_deep']]);
  });

  it.each([[[]], ['text'], [7], [null]])('refuses %j, which is not an object', async (body) => {
    const { status, errors } = await service.native().put('/users/me/settings', body);
    expect([status, errors]).toEqual([422, ['- object_expected']]);
  });
});
