import { afterAll, beforeAll, expect, it } from 'vitest';
import { createVerifier, native, TokenError, type Verifier } from '#libs/verify/src/create-verifier.js';
import { decodeToken } from '#libs/verify/src/token/compact-token.js';
import type { Variables } from '../cli/cli-checkout.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { Replica } from './support/replica.js';
import { logIn, openTestEnvironment, type TestEnvironment } from './support/test-environment.js';

const FEED_TOKEN = 'a-token-for-the-feed';
/** Of the verifiers: far below the 60 s of the default, so that the scenario is short. */
const MAX_AGE_SECONDS = 3;
const SLOW = { timeout: 40_000, interval: 100 };

let environment: TestEnvironment;
let replica: Replica;
let proxy: TcpProxy;
let verifiers: Record<'continue' | 'refuse', Verifier>;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  environment = await openTestEnvironment();
  closers.push(environment.close);
  const env: Variables = { ...environment.env, AUTHORITY_FEED_TOKEN: FEED_TOKEN };
  replica = await Replica.start(environment.checkout, 'identity-provider', env);
  closers.push(() => replica.kill());
  proxy = await TcpProxy.start(replica.identityProvider);
  closers.push(() => proxy.close());
  const open = (onFeedLoss: 'continue' | 'refuse') =>
    createVerifier({
      issuers: [
        native({
          issuer: env['JWT_ISSUER'] as string,
          audience: env['JWT_AUDIENCE'] as string,
          jwksUrl: `${replica.identityProvider}/.well-known/jwks.json`,
        }),
      ],
      feeds: [{ url: `${proxy.url}/api/v1/authority`, token: FEED_TOKEN }],
      onFeedLoss,
      maxFeedAgeSeconds: MAX_AGE_SECONDS,
    });
  verifiers = { continue: open('continue'), refuse: open('refuse') };
  closers.push(async () => Promise.all(Object.values(verifiers).map((verifier) => verifier.close())));
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

/** What both verifiers say: `accepted`, or the code of the refusal. */
async function outcomes(token: string): Promise<Record<'continue' | 'refuse', string>> {
  const outcome = (verifier: Verifier) =>
    verifier.verify(token).then(
      () => 'accepted',
      (error: unknown) => {
        if (error instanceof TokenError) return error.code;
        throw error;
      },
    );
  return { continue: await outcome(verifiers.continue), refuse: await outcome(verifiers.refuse) };
}

async function signIn(): Promise<{ token: string; end: () => Promise<unknown> }> {
  const token = await logIn(replica.identityProvider, await environment.account('user'));
  const { sid } = decodeToken(token).claims;
  return {
    token,
    end: () => environment.identity.query('DELETE FROM identity.sessions WHERE id = $1', [sid]),
  };
}

const both = (code: string) => ({ continue: code, refuse: code });

/** Shows that the verifiers follow the feed again. */
async function current(): Promise<void> {
  const { token, end } = await signIn();
  await end();
  await expect.poll(() => outcomes(token), SLOW).toEqual(both('session_ended'));
}

it.each<[string, () => Promise<unknown>, () => Promise<unknown>]>([
  ['stopped', () => replica.stop(), () => replica.start()],
  ['killed', () => replica.kill(), () => replica.start()],
  ['frozen', async () => replica.signal('SIGSTOP'), async () => replica.signal('SIGCONT')],
  ['cut off', () => proxy.set({ kind: 'refuse' }), () => proxy.set({ kind: 'pass' })],
  ['silent behind a proxy', () => proxy.set({ kind: 'freeze' }), () => proxy.set({ kind: 'pass' })],
] as const)(
  'identity-provider is %s: verifiers do as configured, and miss nothing',
  { timeout: 180_000 },
  async (_, away, back) => {
    const [known, unknown] = [await signIn(), await signIn()];
    await known.end();
    await expect.poll(() => outcomes(known.token), SLOW).toEqual(both('session_ended'));
    expect(await outcomes(unknown.token)).toEqual(both('accepted'));
    await away();
    await unknown.end();
    await expect
      .poll(() => outcomes(unknown.token), SLOW)
      .toEqual({ continue: 'accepted', refuse: 'authority_unknown' });
    expect((await outcomes(known.token)).continue).toBe('session_ended');
    await back();
    await expect.poll(() => outcomes(unknown.token), SLOW).toEqual(both('session_ended'));
    await current();
  },
);
