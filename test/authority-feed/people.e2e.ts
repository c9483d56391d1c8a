import { afterAll, beforeAll, expect, it } from 'vitest';
import { entryId } from '#libs/verify/src/feed/entry-id.js';
import { type BothServices, startBothServices } from '../support/both-services.js';
import { FeedClient } from '../support/feed-client.js';
import { startTestIdentityProvider } from '../support/identity-provider.js';

const TOKEN = 'a-token-for-the-feed';

let services: BothServices;
let feed: FeedClient;
beforeAll(async () => {
  const idp = await startTestIdentityProvider({ authorityFeedToken: TOKEN });
  services = await startBothServices({ authorityFeedToken: TOKEN }, 10, idp);
  feed = await FeedClient.open(`${services.service.internal.url}/authority`, TOKEN);
  await feed.snapshot();
});
afterAll(async () => {
  feed?.close();
  await services?.close();
});

/** A user with a profile, and their identifier in the feed. */
async function makeUser() {
  const { api, account } = await services.idp.signIn([]);
  const { data } = await services.service.api.as(api.token as string).get('/users/me');
  return {
    id: data.id as string,
    digest: entryId(services.idp.settings.signing.issuer, 'subject', account.id),
  };
}

const asAdmin = async () => {
  const { api } = await services.idp.signIn(['*']);
  return services.service.api.as(api.token as string);
};

it('tells of a suspended user, without an end, and that they are active again', async () => {
  const { id, digest } = await makeUser();
  const admin = await asAdmin();
  await admin.patch(`/users/${id}`, { status: 'suspended' });
  const { ended } = await feed.change((change) => change.ended.some((entry) => entry.id === digest));
  expect(ended).toEqual([{ kind: 'subject', id: digest, issued_before: null, expires_at: null }]);
  await admin.patch(`/users/${id}`, { status: 'active' });
  await feed.change(({ removed }) => removed.ended.some((entry) => entry.id === digest));
});

it('tells of a deleted user', async () => {
  const { id, digest } = await makeUser();
  await (await asAdmin()).delete(`/users/${id}`);
  await feed.change((change) => change.ended.some((entry) => entry.id === digest));
});

it('tells what a previous build writes', async () => {
  const { id, digest } = await makeUser();
  await services.service.database.query(`UPDATE users.users SET status = 'suspended' WHERE id = $1`, [id]);
  await feed.change((change) => change.ended.some((entry) => entry.id === digest));
});

it('has no roles, and tells all of them again to a new reader', async () => {
  const { id, digest } = await makeUser();
  await (await asAdmin()).patch(`/users/${id}`, { status: 'suspended' });
  const other = await FeedClient.open(`${services.service.internal.url}/authority`, TOKEN);
  const snapshot = await other.snapshot();
  other.close();
  expect(snapshot.roles).toEqual({});
  expect(snapshot.ended.map((entry) => entry.id)).toContain(digest);
});
