import type { Account } from '#libs/database/identity/account.entity.js';
import type { OauthClient } from '#libs/database/identity/oauth-client.entity.js';
import { CALLBACK, PASSWORD, type TestOpenIdProvider } from '../support/openid-provider.js';
import { type VisitedPage, WebBrowser } from '../support/web-browser.js';

/** A browser that has signed in to the account page. */
export class SignedInBrowser {
  private constructor(
    readonly browser: WebBrowser,
    private readonly provider: TestOpenIdProvider,
    /** Where the sign-in has led. */
    readonly arrival: VisitedPage,
  ) {}

  static async start(
    provider: TestOpenIdProvider,
    { email }: Pick<Account, 'email'>,
    browser = new WebBrowser(provider.issuer, { 'user-agent': 'Mozilla/5.0 (X11; Linux) Firefox/140.0' }),
  ): Promise<SignedInBrowser> {
    const page = await browser.get(`${provider.issuer}/account`);
    const arrival = await browser.submit(page, { email, password: PASSWORD });
    return new SignedInBrowser(browser, provider, arrival);
  }

  get(path: string): Promise<VisitedPage> {
    return this.browser.get(this.provider.issuer + path);
  }

  /** Opens a page, and sends its form. */
  async submit(path: string, fields: Record<string, string>): Promise<VisitedPage> {
    return this.browser.submit(await this.get(path), fields);
  }

  /** Sends a form as it is, without a page: only the cookies are the browser's. */
  async post(
    path: string,
    fields: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; text: string; location: string | null }> {
    const cookie = [...this.browser.cookies].map(([key, { value }]) => `${key.split(' ')[0]}=${value}`);
    const response = await fetch(this.provider.issuer + path, {
      method: 'POST',
      body: new URLSearchParams(fields),
      redirect: 'manual',
      headers: { cookie: cookie.join('; '), ...headers },
    });
    const location = response.headers.get('location');
    return { status: response.status, text: await response.text(), location };
  }

  /** Signs in to an application, without a question. @returns its session */
  async openApplication({ clientId }: Pick<OauthClient, 'clientId'>): Promise<{ id: string } | undefined> {
    const parameters = new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: CALLBACK,
      scope: 'openid',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    });
    const { url } = await this.get(`/oauth/authorize?${parameters}`);
    if (!url.startsWith(`${CALLBACK}?code=`)) throw new Error(`The sign-in ended at ${url}.`);
    return this.sessionOf(clientId);
  }

  /** The session of an application that one browser has opened. */
  async sessionOf(clientId: string): Promise<{ id: string } | undefined> {
    const query = 'SELECT id FROM identity.sessions WHERE client_id = $1';
    return (await this.provider.database.query(query, [clientId]))[0];
  }

  /** What forms of this sign-in have to send. */
  async formToken(): Promise<string> {
    const { html } = await this.get('/account');
    return /name="form_token" value="([^"]+)"/.exec(html)?.[1] as string;
  }

  /** Makes the sign-in older than ten minutes. */
  async growOld({ id }: Pick<Account, 'id'>): Promise<void> {
    await this.provider.database.query(
      `UPDATE identity.sessions SET authenticated_at = now() - interval '11 minutes' WHERE account_id = $1`,
      [id],
    );
  }
}
