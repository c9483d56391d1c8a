/**
 * Holds docs/scaling.md true: its table of tables against the migrated schema, and its table of statements against what the
 * hot paths of both apps send, run on a copy of the database whose tables are partitioned as the page says.
 */
import { hash } from 'bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROFILE_TABLES } from '#apps/user-service/src/users/profile.js';
import { newId } from '#libs/core/ids.js';
import { keycloakToken, signToken, type TestKey, testKey } from '#libs/verify/src/testing/tokens.js';
import { type BothServices, startBothServices } from '../support/both-services.js';
import { DistributedCopy, type ShardsRead } from '../support/distributed-copy.js';
import { obstaclesOf, tablesOf } from '../support/distribution-obstacles.js';
import { placements, type Shards, statements } from '../support/distribution-page.js';
import { startTestIdentityProvider } from '../support/identity-provider.js';
import { answerKeys, startJwksServer } from '../support/jwks-server.js';
import { createTestDatabase } from '../support/postgres.js';
import { recordStatements } from '../support/recorded-statements.js';

const PASSWORD = 'a password of the test';
const KEYCLOAK = {
  issuer: 'https://sso.example.com/realms/people',
  audience: 'user-service',
  roleMap: new Map([['people', 'user']]),
  url: 'https://sso.example.com',
  internalUrl: 'https://sso.example.com',
  realm: 'people',
  clientId: 'user-service',
  clientSecret: 'a-secret-of-the-test',
};

/** The statements for several keys. */
const BATCHES = ['session-find-batch', 'profile-by-identity-batch', 'profile-by-username-batch'];

/** The deletion of expired rows may happen to run meanwhile. */
const IN_BACKGROUND = /SKIP LOCKED/;

/** What `users.sub` (to add) is for: both tables of a profile are in the shard of its subject. */
const WITH_SUB = `${PROFILE_TABLES} AND u.sub = i.sub`;

describe('docs/scaling.md', () => {
  let schema: { tables: string[]; obstacles: Record<string, string[]> };
  beforeAll(async () => {
    const database = await createTestDatabase();
    schema = { tables: await tablesOf(database.url), obstacles: await obstaclesOf(database.url) };
    await database.close();
  });

  it('has one line for each table of both schemas', () => {
    expect(placements.map(({ table }) => table).sort()).toEqual(schema.tables);
  });

  it('names every constraint and trigger that is in the way, and no other', () => {
    const named = placements.filter(({ obstacles }) => obstacles.length > 0);
    expect(Object.fromEntries(named.map(({ table, obstacles }) => [table, obstacles]))).toEqual(
      schema.obstacles,
    );
  });

  it('names a reason for each statement that asks all shards', () => {
    for (const { name, shards, reason } of statements) {
      expect({ name, hasReason: reason !== '' }).toEqual({ name, hasReason: shards === 'all' });
    }
  });
});

describe('the statements of the hot paths', () => {
  let sent: { name: string; shards: Shards | null }[];
  let others: string[];
  beforeAll(async () => {
    const recorded = await recordHotPaths();
    others = recorded.others;
    sent = [];
    for (const { name, text, values } of recorded.named) {
      const read = await recorded.copy.run(text.replaceAll(PROFILE_TABLES, WITH_SUB), values);
      sent.push({ name, shards: shardsOf(read, keysOf(values)) });
    }
  });
  afterAll(closeAll);

  it('fix the distribution column of each distributed table that they read, but for the exceptions', () => {
    const read = sent.filter(({ shards }) => shards !== null);
    expect(read).toEqual(read.map(({ name }) => ({ name, shards: expectedShards(name) })));
  });

  it('are the ones in the table', () => {
    const read = sent.filter(({ shards }) => shards !== null).map(({ name }) => singleName(name));
    expect([...new Set(read)].sort()).toEqual(statements.map(({ name }) => name).sort());
    const names = sent.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([...BATCHES, 'login-throttle-write-with-events']));
  });

  it('have names, so that none is missing in the table', () => {
    expect(others).toEqual([]);
  });
});

const singleName = (name: string) => name.replace(/-batch$/, '');

/** The statement for several keys is the one for a single key, once for each of them. */
const expectedShards = (name: string): Shards | undefined => {
  const { shards } = statements.find((statement) => statement.name === singleName(name)) ?? {};
  return shards === 'one' && name.endsWith('-batch') ? 'key' : shards;
};

const keysOf = (values: unknown[]): number =>
  Math.max(1, ...values.map((value) => (Array.isArray(value) ? value.length : 1)));

/** @returns null where no distributed table is read */
function shardsOf({ reads, isCoLocated }: ShardsRead, keys: number): Shards | null {
  const counts = Object.values(reads);
  if (counts.length === 0) return null;
  if (!isCoLocated || counts.some((count) => count > keys)) return 'all';
  return keys > 1 ? 'key' : 'one';
}

/** Closes what is open, the newest first. */
const open: (() => unknown)[] = [];
async function closeAll(): Promise<void> {
  for (let close = open.pop(); close; close = open.pop()) await close();
}

/** Sends each hot request to real apps. @returns their statements, and a copy of the database from before */
async function recordHotPaths() {
  const realm = testKey('realm');
  const jwks = await startJwksServer(answerKeys(realm));
  open.push(() => jwks.close());
  const keycloak = { ...KEYCLOAK, jwksUrl: jwks.url };
  const sessions = { accessTokenSeconds: 900, refreshTokenSeconds: 86_400, maxSeconds: 86_400 };
  const idp = await startTestIdentityProvider({ keycloak, sessions });
  const both = await startBothServices({ keycloak }, idp.settings.bcryptCost, idp);
  let closing: Promise<void> | undefined;
  const closeApps = () => (closing ??= both.close());
  open.push(closeApps);
  const people = await somePeople(both, realm);
  // So that the next use of the sessions is written.
  await idp.database.query(`UPDATE identity.sessions SET created_at = now() - interval '1 minute'`);
  const copy = await DistributedCopy.of(
    [
      { url: idp.settings.database.directUrl as string, schema: 'identity' },
      { url: both.service.settings.database.directUrl as string, schema: 'users' },
    ],
    placements,
  );
  open.push(() => copy.close());
  const { named, unnamed, stop } = recordStatements();
  open.push(stop);
  await sendHotRequests(both, people);
  await sendTogether(both, people, () => BATCHES.every((batch) => named.some(({ name }) => name === batch)));
  const others = unnamed.filter((text) => !IN_BACKGROUND.test(text));
  // The shutdown writes when sessions were used.
  await closeApps();
  return { copy, named, others };
}

type People = Awaited<ReturnType<typeof somePeople>>;

/** Three people with native accounts and one of Keycloak; all have profiles. */
async function somePeople({ idp, service }: BothServices, realm: TestKey) {
  const passwordHash = await hash(PASSWORD, idp.settings.bcryptCost);
  const native = await Promise.all([1, 2, 3].map(() => idp.signIn([], { passwordHash })));
  const { header, claims } = keycloakToken(KEYCLOAK.issuer, KEYCLOAK.audience, realm.kid);
  const realmAccess = { realm_access: { roles: ['people'] } };
  const keycloakCaller = signToken({ header, claims: { ...claims, ...realmAccess, sub: newId() } }, realm);
  const tokens = [...native.map(({ api }) => api.token as string), keycloakCaller];
  const profiles = await Promise.all(
    tokens.map(async (token) => (await service.api.as(token).get('/users/me')).data),
  );
  const emails = native.map(({ account }) => account.email);
  const { data } = await idp.api.post('/auth/login', { email: emails[0], password: PASSWORD });
  return { tokens, profiles, emails, refreshToken: data.refreshToken };
}

async function sendHotRequests(
  { idp, service }: BothServices,
  { tokens, profiles, emails, refreshToken }: People,
): Promise<void> {
  const [email] = emails;
  for (const token of [tokens.at(0), tokens.at(-1)] as string[]) {
    await service.api.as(token).get('/users/me');
    await idp.api.as(token).get('/auth/me');
  }
  await service.internal.get(`/users/username/${email}`);
  await service.internal.post('/users/batch', { subs: profiles.map(({ sub }) => sub) });
  await service.internal.post('/users/batch', { ids: profiles.map(({ id }) => id) });
  await idp.api.post('/auth/login', { email, password: PASSWORD });
  await idp.api.post('/auth/login', { email, password: 'another password' });
  await idp.api.post('/auth/refresh', { refresh_token: refreshToken });
}

/** Look-ups that arrive in the same turn share a statement. Repeated until all kinds have done so. */
async function sendTogether(
  { idp, service }: BothServices,
  { tokens, emails }: People,
  isDone: () => boolean,
) {
  for (let attempt = 0; attempt < 20 && !isDone(); attempt += 1) {
    await Promise.all([
      ...tokens.map((token) => idp.api.as(token).get('/auth/me')),
      ...tokens.map((token) => service.api.as(token).get('/users/me')),
      ...emails.map((email) => service.internal.get(`/users/username/${email}`)),
    ]);
  }
}
