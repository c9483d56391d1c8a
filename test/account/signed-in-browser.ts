import type { Account } from '#libs/database/identity/account.entity.js';
import { PASSWORD, type TestOpenIdProvider } from '../support/openid-provider.js';
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
  ): Promise<{ status: number; text: string }> {
    const cookie = [...this.browser.cookies].map(([key, { value }]) => `${key.split(' ')[0]}=${value}`);
    const response = await fetch(this.provider.issuer + path, {
      method: 'POST',
      body: new URLSearchParams(fields),
      redirect: 'manual',
      headers: { cookie: cookie.join('; '), ...headers },
    });
    return { status: response.status, text: await response.text() };
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
