import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '#libs/core/ids.js';
import { Account } from '#libs/database/identity/account.entity.js';
import { Session } from '#libs/database/identity/session.entity.js';
import { entryId } from '#libs/verify/src/feed/entry-id.js';
import { FeedClient } from '../support/feed-client.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';

const TOKEN = 'a-token-for-the-feed';

let idp: TestIdentityProvider;
let feed: FeedClient;
beforeAll(async () => {
  idp = await startTestIdentityProvider({ authorityFeedToken: TOKEN });
  feed = await FeedClient.open(`${idp.api.url}/authority`, TOKEN);
  await feed.snapshot();
});
afterAll(async () => {
  feed?.close();
  await idp?.close();
});

const idOf = (kind: 'session' | 'subject' | 'key', id: string, issuer = idp.settings.signing.issuer) =>
  entryId(issuer, kind, id);

const ended = (id: string) => feed.change((change) => change.ended.some((entry) => entry.id === id));

it('begins with a snapshot of all roles', async () => {
  const snapshot = await feed.snapshot();
  expect(feed.status).toBe(200);
  expect(feed.header('content-type')).toBe('text/event-stream');
  expect(feed.header('cache-control')).toBe('no-store');
  expect(feed.header('x-accel-buffering')).toBe('no');
  expect(snapshot.roles).toMatchObject({ admin: ['*'], user: [] });
  expect(snapshot.recorded_since).not.toBeNull();
});

it('tells of a logout, until the token has expired', async () => {
  const { api, account } = await idp.signIn([]);
  const session = await idp.database.manager.findOneByOrFail(Session, { accountId: account.id });
  await api.post('/auth/logout');
  const id = idOf('session', session.id);
  const entry = (await ended(id)).ended.find((one) => one.id === id);
  expect(entry).toMatchObject({ kind: 'session', issued_before: null });
  const margin = Date.parse(entry?.expires_at ?? '') - session.expiresAt.getTime();
  expect(margin).toBe(90_000);
});

it('tells of a disabled account, and that it is active again', async () => {
  const { account } = await idp.signIn([]);
  const { api } = await idp.signIn(['*']);
  await api.patch(`/accounts/${account.id}`, { status: 'disabled' });
  const id = idOf('subject', account.id);
  expect((await ended(id)).ended).toContainEqual(expect.objectContaining({ kind: 'subject', id }));
  await api.patch(`/accounts/${account.id}`, { status: 'active' });
  const change = await feed.change(({ removed }) => removed.ended.some((entry) => entry.id === id));
  expect(change.removed.ended).toEqual([{ kind: 'subject', id }]);
});

it('tells of a deleted account', async () => {
  const { account } = await idp.signIn([]);
  const { api } = await idp.signIn(['*']);
  await api.delete(`/accounts/${account.id}`);
  await ended(idOf('subject', account.id));
});

it('tells of the role of an account that got another one, and of a role that is renamed', async () => {
  const { account } = await idp.signIn([]);
  const role = await idp.make.role(['things:read']);
  const { api } = await idp.signIn(['*']);
  const id = idOf('subject', account.id);
  await api.patch(`/accounts/${account.id}`, { role_id: role.id });
  const holds = (name: string) =>
    feed.change(({ subjects }) => subjects.some((entry) => entry.id === id && entry.role === name));
  await holds(role.name);
  const renamed = `${role.name}-renamed`;
  await api.patch(`/roles/${role.id}`, { name: renamed });
  await holds(renamed);
  await feed.change(({ removed, roles }) => removed.roles.includes(role.name) && renamed in roles);
});

it('tells of a permission that a role, and its descendants, got and lost', async () => {
  const parent = await idp.make.role([]);
  const child = await idp.make.role([], { parentId: parent.id });
  const permission = await idp.make.permission();
  const { api } = await idp.signIn(['*']);
  await api.post(`/roles/${parent.id}/permissions`, { permission_ids: [permission.id] });
  const granted = await feed.change(({ roles }) => roles[child.name]?.includes(permission.name) === true);
  expect(granted.roles).toEqual({ [parent.name]: [permission.name], [child.name]: [permission.name] });
  await api.delete(`/roles/${parent.id}/permissions/${permission.id}`);
  await feed.change(({ roles, version }) => version > granted.version && roles[child.name]?.length === 0);
});

it('tells what a previous build writes, which knows nothing of the feed', async () => {
  const account = await idp.make.account();
  const session = await idp.make.session(account);
  const expired = await idp.make.session(account, { expiresAt: new Date(Date.now() - 1_000) });
  await idp.database.query('DELETE FROM identity.sessions WHERE account_id = $1', [account.id]);
  await ended(idOf('session', session.id));
  expect(feed.changes.flatMap((change) => change.ended.map(({ id }) => id))).not.toContain(
    idOf('session', expired.id),
  );
  await idp.database.query(`UPDATE identity.accounts SET status = 'disabled' WHERE id = $1`, [account.id]);
  await ended(idOf('subject', account.id));
});

it('tells of a session whose end is moved to now', async () => {
  const session = await idp.make.session(await idp.make.account());
  await idp.database.query('UPDATE identity.sessions SET expires_at = now() WHERE id = $1', [session.id]);
  await ended(idOf('session', session.id));
});

it('tells all that one transaction changed in one event', async () => {
  const account = await idp.make.account();
  const sessions = [];
  for (let made = 0; made < 20; made++) sessions.push(await idp.make.session(account));
  await idp.database.manager.delete(Account, { id: account.id });
  const change = await ended(idOf('subject', account.id));
  const ids = change.ended.map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining(sessions.map(({ id }) => idOf('session', id))));
});

it('finds what a lost notification would have told', async () => {
  const session = await idp.make.session(await idp.make.account());
  await idp.database.query('ALTER TABLE identity.revocations DISABLE TRIGGER revocations_notify');
  try {
    await idp.database.query('DELETE FROM identity.sessions WHERE id = $1', [session.id]);
    await ended(idOf('session', session.id));
  } finally {
    await idp.database.query('ALTER TABLE identity.revocations ENABLE TRIGGER revocations_notify');
  }
});

it('misses nothing that commits late, beside later transactions', async () => {
  const account = await idp.make.account();
  const [late, early] = [await idp.make.session(account), await idp.make.session(account)];
  const slow = idp.database.createQueryRunner();
  await slow.connect();
  try {
    await slow.startTransaction();
    await slow.query('DELETE FROM identity.sessions WHERE id = $1', [late.id]);
    await idp.database.query('DELETE FROM identity.sessions WHERE id = $1', [early.id]);
    await ended(idOf('session', early.id));
    await slow.commitTransaction();
    await ended(idOf('session', late.id));
  } finally {
    await slow.release();
  }
  const ids = feed.changes.flatMap((change) => change.ended.map(({ id }) => id));
  expect(ids.filter((id) => id === idOf('session', early.id))).toHaveLength(1);
});

it('tells nothing of an issuer that is not configured', async () => {
  await idp.database.query(`SELECT identity.revoke('keycloak', 'session', 'abc', NULL, NULL)`);
  const session = await idp.make.session(await idp.make.account());
  await idp.database.query('DELETE FROM identity.sessions WHERE id = $1', [session.id]);
  await ended(idOf('session', session.id));
  expect(feed.events.map(({ data }) => data).join()).not.toContain(`"${newId()}"`);
  const snapshot = await idp.api.as(TOKEN).get('/authority', { accept: 'application/json' });
  expect(
    snapshot.data.ended.map(({ expires_at }: { expires_at: string | null }) => expires_at),
  ).not.toContain(null);
});

it('has versions that rise with each change', () => {
  const versions = feed.changes.map(({ version }) => version);
  expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
});
