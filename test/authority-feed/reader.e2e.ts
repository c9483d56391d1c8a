import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FeedAuthority, type FeedAuthorityOptions } from '#libs/verify/src/feed/feed-authority.js';
import type { FeedEvent } from '#libs/verify/src/feed/feed-observer.js';
import { TokenError } from '#libs/verify/src/token-error.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const TOKEN = 'a-token-for-the-feed';

let idp: TestIdentityProvider;
let proxy: TcpProxy;
let events: FeedEvent[];
let authority: FeedAuthority | null;
beforeEach(async () => {
  idp = await startTestIdentityProvider({ authorityFeedToken: TOKEN });
  proxy = await TcpProxy.start(idp.directUrl);
  events = [];
  authority = null;
});
afterEach(async () => {
  authority?.close();
  await proxy?.close();
  await idp?.close();
});

const SLOW = { timeout: 15_000, interval: 20 };

async function follow(options: Partial<FeedAuthorityOptions> = {}): Promise<FeedAuthority> {
  authority = new FeedAuthority({
    feeds: [{ url: `${proxy.url}/api/v1/authority`, token: TOKEN }],
    observer: (event) => events.push(event),
    ...options,
  });
  await expect.poll(() => kinds(), SLOW).toContain('snapshot');
  return authority;
}

const kinds = () => events.map(({ kind }) => kind);

/** A reference as a verified token of this session has it. */
const referenceOf = (account: { id: string }, sessionId: string | null, role: string | null = null) => ({
  issuer: idp.settings.signing.issuer,
  subject: account.id,
  sessionId,
  keyId: 'a-key',
  issuedAt: Math.floor(Date.now() / 1_000),
  role,
  roles: role === null ? [] : [role],
});

type Reference = ReturnType<typeof referenceOf>;

/** The code of the refusal, or `accepted`. */
function outcome(reference: Reference): string {
  try {
    authority?.assertNotRevoked(reference);
    return 'accepted';
  } catch (error) {
    if (error instanceof TokenError) return error.code;
    throw error;
  }
}

async function signedIn() {
  const account = await idp.make.account();
  const session = await idp.make.session(account);
  return { account, session, reference: referenceOf(account, session.id) };
}

const endSession = (id: string) => idp.database.query('DELETE FROM identity.sessions WHERE id = $1', [id]);

describe('a reader', () => {
  it('refuses what has ended, with the reason', async () => {
    await follow();
    const [one, two, three, four] = [await signedIn(), await signedIn(), await signedIn(), await signedIn()];
    for (const { reference } of [one, two, three, four]) expect(outcome(reference)).toBe('accepted');
    await endSession(one.session.id);
    await expect.poll(() => outcome(one.reference), SLOW).toBe('session_ended');
    await idp.database.query(`UPDATE identity.accounts SET status = 'disabled' WHERE id = $1`, [
      two.account.id,
    ]);
    await expect.poll(() => outcome(two.reference), SLOW).toBe('subject_ended');
    expect(outcome(three.reference)).toBe('accepted');
    await idp.database.query(`SELECT identity.revoke('native', 'key', 'a-key', NULL, NULL)`);
    await expect.poll(() => outcome(three.reference), SLOW).toBe('key_withdrawn');
    expect(outcome({ ...four.reference, keyId: 'another-key' })).toBe('accepted');
    expect(outcome({ ...referenceOf(one.account, one.session.id), issuer: 'https://other.example' })).toBe(
      'accepted',
    );
  });

  it('refuses only tokens that were issued before the time of the entry', async () => {
    await follow();
    const { account, reference } = await signedIn();
    await idp.database.query(
      `SELECT identity.revoke('native', 'subject', $1, now() - interval '1 minute', NULL)`,
      [account.id],
    );
    await expect
      .poll(() => outcome({ ...reference, issuedAt: reference.issuedAt - 120 }), SLOW)
      .toBe('subject_ended');
    expect(outcome({ ...reference })).toBe('accepted');
  });

  it('knows the permissions that a role, and a subject with another role, have now', async () => {
    await follow();
    const [reader, editor] = [await idp.make.role(['things:read']), await idp.make.role(['things:update'])];
    const account = await idp.make.account({ roleId: reader.id });
    const reference = referenceOf(account, null, reader.name);
    const permissions = () => authority?.currentAuthority(reference);
    await expect.poll(permissions, SLOW).toEqual({ role: reader.name, permissions: ['things:read'] });
    await idp.database.query('UPDATE identity.accounts SET role_id = $1 WHERE id = $2', [
      editor.id,
      account.id,
    ]);
    await expect.poll(permissions, SLOW).toEqual({ role: editor.name, permissions: ['things:update'] });
    const keycloak = { ...reference, role: null, roles: [reader.name, editor.name, 'unknown'] };
    expect(authority?.currentAuthority(keycloak)?.permissions).toEqual(['things:read', 'things:update']);
    expect(authority?.currentAuthority({ ...keycloak, roles: ['admin', reader.name] })?.permissions).toEqual([
      '*',
    ]);
    expect(authority?.currentAuthority({ ...keycloak, roles: [] })?.permissions).toEqual([]);
  });

  it('resumes after a lost connection, and misses nothing', async () => {
    await follow();
    const [one, two] = [await signedIn(), await signedIn()];
    await endSession(one.session.id);
    await expect.poll(() => outcome(one.reference), SLOW).toBe('session_ended');
    await proxy.set({ kind: 'refuse' });
    await expect.poll(kinds, SLOW).toContain('lost');
    await endSession(two.session.id);
    expect(outcome(one.reference)).toBe('session_ended');
    await proxy.set({ kind: 'pass' });
    await expect.poll(() => outcome(two.reference), SLOW).toBe('session_ended');
    expect(kinds().filter((kind) => kind === 'snapshot')).toHaveLength(1);
  });

  it('is not current while the connection is lost, nor for tokens from before the recording', async () => {
    const feed = await follow();
    const now = Date.now() / 1_000;
    await expect.poll(() => feed.isCurrent(now), SLOW).toBe(true);
    expect(feed.isCurrent(now - 365 * 86_400)).toBe(false);
    await proxy.set({ kind: 'refuse' });
    await expect.poll(() => feed.isCurrent(now), SLOW).toBe(false);
    await proxy.set({ kind: 'pass' });
    await expect.poll(() => feed.isCurrent(now), SLOW).toBe(true);
  });

  it('keeps what it knows where the feed is lost, or refuses all, as configured', async () => {
    await follow({ onFeedLoss: 'refuse', maxFeedAgeSeconds: 1 });
    const { reference, session } = await signedIn();
    expect(outcome(reference)).toBe('accepted');
    await proxy.set({ kind: 'refuse' });
    expect(outcome(reference)).toBe('accepted');
    await expect.poll(() => outcome(reference), SLOW).toBe('authority_unknown');
    await endSession(session.id);
    await proxy.set({ kind: 'pass' });
    await expect.poll(() => outcome(reference), SLOW).toBe('session_ended');
  });

  it('refuses all before the first snapshot where it is configured so, and else none', async () => {
    const feeds = [{ url: 'http://127.0.0.1:9/authority', token: TOKEN }];
    authority = new FeedAuthority({ feeds, onFeedLoss: 'refuse' });
    const { reference } = await signedIn();
    expect(outcome(reference)).toBe('authority_unknown');
    authority.close();
    authority = new FeedAuthority({ feeds });
    expect(outcome(reference)).toBe('accepted');
    expect(authority.currentAuthority(reference)).toBeUndefined();
    expect(authority.isCurrent(0)).toBe(false);
  });

  it('tries again where it is refused, and says why', async () => {
    authority = new FeedAuthority({
      feeds: [{ url: `${proxy.url}/api/v1/authority`, token: 'not-the-token' }],
      observer: (event) => {
        events.push(event);
        throw new Error('an observer that fails harms nothing');
      },
    });
    const losses = () => events.filter(({ kind }) => kind === 'lost').map(({ reason }) => reason);
    await expect.poll(() => losses().length, SLOW).toBeGreaterThan(1);
    expect(new Set(losses())).toEqual(new Set(['the server answered 401']));
  });

  it('connects no more after close()', async () => {
    const feed = await follow();
    feed.close();
    await expect.poll(() => proxy.connections, SLOW).toBe(0);
    const requests = proxy.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(proxy.requests).toHaveLength(requests);
  });
});

it('knows what ended before it connected', async () => {
  const { reference, session } = await signedIn();
  await endSession(session.id);
  await follow();
  expect(outcome(reference)).toBe('session_ended');
  expect(outcome({ ...reference, sessionId: null })).toBe('accepted');
});
