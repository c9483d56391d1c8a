import { startBrowser, type TestBrowser } from './browser.js';
import { type MailServer, startMailServer } from './mail-server.js';
import { startTestOpenIdProvider, type TestOpenIdProvider } from './openid-provider.js';

/** A browser, the pages that it visits, and the server that gets their mails. */
export interface PagesWithMail {
  mail: MailServer;
  provider: TestOpenIdProvider;
  browser: TestBrowser;
  close(): Promise<void>;
}

export async function startPagesWithMail(): Promise<PagesWithMail> {
  const mail = await startMailServer();
  const provider = await startTestOpenIdProvider({ mail: mail.settings });
  const browser = await startBrowser();
  return {
    mail,
    provider,
    browser,
    async close() {
      await browser.close();
      await provider.close();
      await mail.close();
    },
  };
}
