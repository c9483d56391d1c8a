import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readToken } from '../support/keycloak-tokens.js';
import { PASSWORD, startTestOpenIdProvider, type TestOpenIdProvider } from '../support/openid-provider.js';
import { WebBrowser } from '../support/web-browser.js';
import { startApplication, WEB_APPLICATIONS } from './stock-clients/web-applications.js';

/** What each application shows when its user has signed in. */
interface SignedIn {
  /** Of the ID token, which the library has verified. */
  subject: string;
  userinfo: Record<string, unknown>;
  access_token: string;
  refreshed_access_token: string;
  /** By client credentials. */
  machine_access_token: string;
}

/** A cold cache: go-oidc compiles for a minute, Spring downloads 100 MB. */
const TIMEOUT = 15 * 60_000;

let provider: TestOpenIdProvider;
beforeAll(async () => {
  provider = await startTestOpenIdProvider();
});
afterAll(() => provider?.close());

describe.each(WEB_APPLICATIONS)('$name, by discovery alone', { timeout: TIMEOUT }, (application) => {
  it.skipIf(!application.isAvailable)(
    'signs in with code and PKCE, reads userinfo, refreshes, and gets a token of its own',
    async () => {
      const person = await provider.person({ firstName: 'Ada', lastName: 'Byron' });
      const { client, secret } = await provider.confidentialClient({
        grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
        redirectUris: [`http://localhost${application.callback}`],
      });
      const command = await application.prepare();
      const { issuer } = provider;
      const running = await startApplication(command, { issuer, clientId: client.clientId, secret });
      try {
        const [atApplication, atIssuer] = [new WebBrowser(running.origin), new WebBrowser(issuer)];
        const request = await atApplication.get(`${running.origin}/`);
        expect(new URL(request.url).searchParams.get('code_challenge_method')).toBe('S256');
        const page = await atIssuer.get(request.url);
        const callback = await atIssuer.submit(page, { email: person.email, password: PASSWORD });
        const result = await atApplication.get(callback.url);
        expect([result.status, result.html]).toEqual([200, expect.stringContaining('{')]);

        const signedIn = JSON.parse(result.html) as SignedIn;
        expect(signedIn.subject).toBe(person.id);
        expect(signedIn.userinfo).toMatchObject({ sub: person.id, email: person.email, name: 'Ada Byron' });
        const { sid } = readToken(signedIn.access_token)[1];
        const refreshed = readToken(signedIn.refreshed_access_token)[1];
        expect(refreshed).toMatchObject({ sub: person.id, sid });
        expect(signedIn.refreshed_access_token).not.toBe(signedIn.access_token);
        const machine = await provider.api.as(signedIn.machine_access_token).get('/auth/me');
        expect(machine.data).toMatchObject({ kind: 'service', sub: client.clientId });
      } finally {
        await running.close();
      }
    },
  );
});
