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
  const started: { close(): Promise<void> }[] = [];
  const close = async () => {
    for (const each of started.splice(0).reverse()) await each.close();
  };
  const add = <Server extends { close(): Promise<void> }>(server: Server): Server => {
    started.push(server);
    return server;
  };
  try {
    const mail = add(await startMailServer());
    const provider = add(await startTestOpenIdProvider({ mail: mail.settings }));
    const browser = add(await startBrowser());
    return { mail, provider, browser, close };
  } catch (error) {
    await close();
    throw error;
  }
}
