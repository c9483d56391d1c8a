import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#libs/core/ids.js';
import { type BothServices, startBothServices } from '../support/both-services.js';
import { startTestIdentityProvider } from '../support/identity-provider.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { startTestUserService, type TestUserService } from '../support/user-service.js';

const ROUNDS = 15;
const seconds = () => Math.floor(Date.now() / 1_000);

describe('users who exchange their usernames', () => {
  let service: TestUserService;
  beforeAll(async () => {
    service = await startTestUserService();
  });
  afterAll(() => service.close());

  it('all get an answer, and each username belongs to the user with the newest claims', {
    timeout: 60_000,
  }, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const [one, other] = [randomUUID(), randomUUID()];
      const [left, right] = [`${randomUUID()}@example.com`, `${randomUUID()}@example.com`];
      const tokenOf = (sub: string, name: string, age: number) =>
        service.native({ sub, preferred_username: name, iat: seconds() - age });
      await tokenOf(one, left, 60).get('/users/me');
      await tokenOf(other, right, 60).get('/users/me');
      const answers = await Promise.all([
        tokenOf(one, right, 30).get('/users/me'),
        tokenOf(other, left, 30).get('/users/me'),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      expect((await service.internal.get(`/users/username/${right}`)).data.sub).toBe(one);
      expect((await service.internal.get(`/users/username/${left}`)).data.sub).toBe(other);
    }
  });
});

describe('deleting a user while their newer tokens arrive', () => {
  let both: BothServices;
  beforeAll(async () => {
    both = await startBothServices();
  });
  afterAll(() => both.close());

  it('succeeds, and the user stays deleted', { timeout: 60_000 }, async () => {
    const { api } = await both.idp.signIn(['*']);
    const admin = both.service.api.as(api.token as string);
    for (let round = 0; round < ROUNDS; round++) {
      const account = await both.idp.make.account();
      const { token } = await both.idp.sessionOf(account);
      const { data } = await both.service.api.as(token as string).get('/users/me');
      const others = await Promise.all(Array.from({ length: 5 }, () => both.idp.sessionOf(account)));
      const [deleted, ...refreshed] = await Promise.all([
        admin.delete(`/users/${data.id}`),
        ...others.map(({ token }) => both.service.api.as(token as string).get('/users/me')),
      ]);
      expect(deleted.status).toBe(200);
      for (const { status } of refreshed) expect([200, 403]).toContain(status);
      expect((await both.service.api.as(token as string).get('/users/me')).errors).toEqual([
        '- user_deleted',
      ]);
    }
  });
});

describe('If-Match on the own profile', () => {
  let service: TestUserService;
  beforeAll(async () => {
    service = await startTestUserService();
  });
  afterAll(() => service.close());

  it('accepts the write of the client that has read the newest version only', async () => {
    const ada = service.native();
    const { headers } = await ada.get('/users/me');
    const ifMatch = { 'if-match': headers.get('etag') as string };
    const written = await ada.put('/users/me', { display_name: 'One' }, ifMatch);
    expect(written.status).toBe(200);
    expect((await ada.put('/users/me', { display_name: 'Two' }, ifMatch)).status).toBe(412);
    expect((await ada.put('/users/me/settings', { a: 1 }, ifMatch)).status).toBe(412);
    const current = { 'if-match': written.headers.get('etag') as string };
    const settings = await ada.put('/users/me/settings', { a: 1 }, current);
    expect(settings.status).toBe(200);
    expect((await ada.get('/users/me/settings')).headers.get('etag')).toBe(settings.headers.get('etag'));
    expect((await ada.get('/users/me')).data).toMatchObject({ display_name: 'One', settings: { a: 1 } });
  });

  it('accepts one of many writes with the same version', async () => {
    const ada = service.native();
    const { headers } = await ada.get('/users/me');
    const ifMatch = { 'if-match': headers.get('etag') as string };
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        ada.put('/users/me', { display_name: `Writer ${index}` }, ifMatch),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(412)]);
  });
});

describe('If-Match where the profile changes while the issuer is asked', () => {
  let both: BothServices;
  let slow: TcpProxy;
  beforeAll(async () => {
    const idp = await startTestIdentityProvider();
    slow = await TcpProxy.start(idp.api.url);
    both = await startBothServices({ identityProviderUrl: slow.url }, 10, idp);
  });
  afterAll(async () => {
    await both?.close();
    await slow?.close();
  });

  /** Sends a change that takes long at identity-provider, and replaces the user's settings meanwhile. */
  async function changeMeanwhile(body: object) {
    const { api } = await both.idp.signIn([], { firstName: 'Ada', lastName: 'Byron' });
    const ada = both.service.api.as(api.token as string);
    const { headers } = await ada.get('/users/me');
    await slow.set({ kind: 'delay', ms: 1_000 });
    const known = slow.requests.length;
    const changing = ada.put('/users/me', body, { 'if-match': headers.get('etag') as string });
    while (slow.requests.length === known) await sleep(5);
    expect((await ada.put('/users/me/settings', { a: 1 })).status).toBe(200);
    const answer = await changing;
    await slow.set({ kind: 'pass' });
    return { answer, shown: (await ada.get('/users/me')).data };
  }

  it('lists the fields that were not stored, and shows the names that the issuer has', async () => {
    const { answer, shown } = await changeMeanwhile({ last_name: 'Lovelace', display_name: 'Countess' });
    expect([answer.status, answer.errors]).toEqual([412, ['display_name precondition_failed']]);
    expect(shown).toMatchObject({ last_name: 'Lovelace', display_name: null, settings: { a: 1 } });
  });

  it('is 200 where only names were sent', async () => {
    const { answer, shown } = await changeMeanwhile({ last_name: 'Lovelace' });
    expect(answer.status).toBe(200);
    expect(shown).toMatchObject({ last_name: 'Lovelace', settings: { a: 1 } });
  });
});

describe('two native logins in one second', () => {
  let service: TestUserService;
  beforeAll(async () => {
    service = await startTestUserService();
  });
  afterAll(() => service.close());

  it('are ordered by their sessions, so that the claims of the later one are the newer ones', async () => {
    const [sub, iat] = [randomUUID(), seconds()];
    const login = (family_name: string | null) => service.native({ sub, iat, sid: newId(), family_name });
    const first = login('Byron');
    expect((await first.get('/users/me')).data.last_name).toBe('Byron');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await login('Lovelace').get('/users/me')).data.last_name).toBe('Lovelace');
    expect((await first.get('/users/me')).data.last_name).toBe('Lovelace');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await login(null).get('/users/me')).data.last_name).toBeNull();
  });
});
