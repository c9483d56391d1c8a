import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-ports.js';
import { PASSWORD, startTestOpenIdProvider, type TestOpenIdProvider } from '../support/openid-provider.js';
import { npmInstall, ROOT } from '../support/packed-package.js';
import { startTestUserService, type TestUserService } from '../support/user-service.js';
import { WebBrowser } from '../support/web-browser.js';

const EXAMPLES = ['web-app', 'machine-client'] as const;
/** How long a program may take to start (ms) on a busy machine. */
const START_TIMEOUT = 60_000;
const SLOW = { timeout: 20_000, interval: 50 };

let folder: string;
let provider: TestOpenIdProvider;
let service: TestUserService;
/** In front of user-service. */
let api: Server;
/** The tokens that have arrived there. */
const tokens: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'twinkey-clients-'));
  const filter = (path: string) => !['node_modules', 'package-lock.json'].includes(basename(path));
  await Promise.all(
    EXAMPLES.map(async (name) => {
      await cp(join(ROOT, 'examples', name), join(folder, name), { recursive: true, filter });
      await npmInstall(join(folder, name));
    }),
  );
  // Shorter than what the examples renew in advance: each call renews the token.
  const sessions = { accessTokenSeconds: 20, refreshTokenSeconds: 3_600, maxSeconds: 86_400 };
  provider = await startTestOpenIdProvider({ sessions });
  const { issuer, audience, lifetimeSeconds, publicKeys } = provider.settings.signing;
  service = await startTestUserService({
    identityProviderUrl: provider.issuer,
    native: { issuer, audience, maxLifetimeSeconds: lifetimeSeconds, keys: publicKeys, jwksUrl: null },
  });
  api = createServer(async ({ headers: { authorization = '' } }, response) => {
    tokens.push(authorization);
    const answer = await fetch(`${service.api.url}/users/me`, { headers: { authorization } });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
}, 300_000);
afterAll(async () => {
  api?.close();
  await service?.close();
  await provider?.close();
  await rm(folder, { recursive: true, force: true });
});

describe('web-app', () => {
  let child: ChildProcess;
  let origin: string;
  let app: WebBrowser;
  let pages: WebBrowser;

  beforeAll(async () => {
    const PORT = String(await freePort());
    origin = `http://localhost:${PORT}`;
    const { client, secret } = await provider.confidentialClient({
      redirectUris: [`${origin}/callback`],
      postLogoutRedirectUris: [`${origin}/`],
      backchannelLogoutUri: `${origin}/backchannel-logout`,
    });
    child = spawn(process.execPath, ['src/main.js'], {
      cwd: join(folder, 'web-app'),
      env: {
        PATH: process.env['PATH'],
        PORT,
        ISSUER: provider.issuer,
        CLIENT_ID: client.clientId,
        CLIENT_SECRET: secret,
        API_URL: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const deadline = performance.now() + START_TIMEOUT;
    while (!(await fetch(`${origin}/health`).catch(() => null))) {
      if (child.exitCode !== null || performance.now() > deadline) throw new Error('web-app does not answer');
      await delay(50);
    }
  }, 90_000);
  afterAll(async () => {
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  });

  /** Signs a new person in, each in a browser of their own. @returns the page that they arrive at */
  async function signIn() {
    [app, pages] = [new WebBrowser(origin), new WebBrowser(provider.issuer)];
    const person = await provider.person();
    const asked = await pages.get((await app.get(`${origin}/login`)).url);
    const answered = await pages.submit(asked, { email: person.email, password: PASSWORD });
    expect(answered.url).toContain(`${origin}/callback?code=`);
    return { person, callback: answered.url, page: await app.get(answered.url) };
  }
  const home = async () => (await app.get(`${origin}/`)).html;

  it('signs users in, keeps the tokens on the server, and renews them', async () => {
    const { person, page } = await signIn();
    expect(page.html).toContain(`Signed in as ${person.email}`);
    expect(app.setCookies.join()).not.toMatch(/eyJ/);
    expect(app.setCookies.every((cookie) => /HttpOnly/.test(cookie) && /SameSite=Lax/.test(cookie))).toBe(
      true,
    );
    for (let call = 0; call < 3; call++) {
      const { html } = await app.get(`${origin}/profile`);
      expect(JSON.parse(html)).toMatchObject({ data: { issuer: 'native', email: person.email } });
    }
    expect(new Set(tokens).size).toBe(3);
    const together = await Promise.all(Array.from({ length: 5 }, () => app.get(`${origin}/profile`)));
    expect(together.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  });

  it('takes no callback of another browser, and gives a new session id at the sign-in', async () => {
    const { callback } = await signIn();
    const before = app.setCookies[0]?.split(';')[0];
    expect(app.setCookies.at(-1)?.split(';')[0]).not.toBe(before);
    const stranger = new WebBrowser(origin);
    expect((await stranger.get(callback)).url).toContain(`${provider.issuer}/oauth/authorize`);
  });

  it('signs users out at the issuer', async () => {
    const { page } = await signIn();
    const { url } = await app.submit(page, {});
    expect(url).toContain(`${provider.issuer}/oauth/logout?`);
    const back = await pages.submit(await pages.get(url), {});
    expect(back.url).toBe(`${origin}/`);
    expect(await home()).not.toContain('Signed in as');
    expect((await pages.get((await app.get(`${origin}/login`)).url)).html).toContain('name="password"');
  });

  it('ends its session when the issuer does', async () => {
    await signIn();
    expect(await home()).toContain('Signed in as');
    const asked = await pages.get(`${provider.issuer}/oauth/logout`);
    await pages.submit(asked, { logout: 'yes' });
    await expect.poll(home, SLOW).not.toContain('Signed in as');
  });

  it('refuses a logout token that the issuer did not sign', async () => {
    const forged = ['{"alg":"none","typ":"logout+jwt"}', '{"sub":"ada"}', ''];
    for (const token of [forged.map((part) => Buffer.from(part).toString('base64url')).join('.'), '']) {
      const body = new URLSearchParams({ logout_token: token });
      const response = await fetch(`${origin}/backchannel-logout`, { method: 'POST', body });
      expect(response.status).toBe(400);
    }
  });

  it('asks users to sign in again after their session has ended', async () => {
    const { person } = await signIn();
    await provider.database.query('DELETE FROM identity.sessions WHERE account_id = $1', [person.id]);
    expect((await app.get(`${origin}/profile`)).url).toContain(`${provider.issuer}/oauth/authorize`);
    expect(await home()).not.toContain('Signed in as');
  });
});

interface AccessTokenModule {
  accessTokenSource(client: {
    issuer: string;
    clientId: string;
    clientSecret: string;
  }): () => Promise<string>;
}

describe('machine-client', () => {
  const client = async () => {
    const role = await provider.make.role(['roles:read']);
    return provider.confidentialClient({
      grantTypes: ['client_credentials'],
      redirectUris: [],
      postLogoutRedirectUris: [],
      roleId: role.id,
    });
  };

  it('calls an API with the rights of its role', async () => {
    const { client: made, secret } = await client();
    const env = {
      PATH: process.env['PATH'],
      ISSUER: provider.issuer,
      CLIENT_ID: made.clientId,
      CLIENT_SECRET: secret,
      API_URL: `${provider.api.url}/roles`,
    };
    const child = spawn(process.execPath, ['src/main.js'], { cwd: join(folder, 'machine-client'), env });
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    const [code] = await once(child, 'close');
    expect(output).toMatch(/^200 \{"status":"success"/);
    expect(code).toBe(0);
  });

  it('uses a token until shortly before it expires, and asks once for calls at the same time', async () => {
    const { client: made, secret: clientSecret } = await client();
    const file = join(folder, 'machine-client/src/access-token.js');
    const { accessTokenSource } = (await import(/* @vite-ignore */ file)) as AccessTokenModule;
    const settings = { clientId: made.clientId, clientSecret };
    const short = accessTokenSource({ issuer: provider.issuer, ...settings });
    const [first, ...others] = await Promise.all([short(), short(), short()]);
    expect(new Set([first, ...others]).size).toBe(1);
    expect(await short()).not.toBe(first);

    const { databaseUrl, sessions } = provider.settings;
    const replica = await startTestOpenIdProvider({
      databaseUrl,
      sessions: { ...sessions, accessTokenSeconds: 900 },
    });
    try {
      const long = accessTokenSource({ issuer: replica.issuer, ...settings });
      expect(await long()).toBe(await long());
    } finally {
      await replica.close();
    }
  });
});
