import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { installed, required } from './installed-programs.js';

/** Chromium loads only the pages under test: no sandbox (CI runs as root), no GPU, no background services. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A page in a new browser profile, and the problems that occurred. */
export interface Visit {
  page: Page;
  /** Blocked requests to other origins. */
  outside: string[];
  /** Console errors, uncaught errors and failed requests. */
  problems: string[];
}

export interface TestBrowser {
  /** @param origins such as `http://127.0.0.1:8001`; requests to other origins are blocked */
  visit(...origins: string[]): Promise<Visit>;
  close(): Promise<void>;
}

/**
 * Starts the installed Chromium headless, with a temporary profile.
 * @throws Error if no Chromium is installed
 */
export async function startBrowser(): Promise<TestBrowser> {
  const browser: Browser = await chromium.launch({
    executablePath: required(installed.findChromium(), 'Chromium', 'CHROMIUM_PATH'),
    headless: true,
    args: FLAGS,
    timeout: 60_000,
  });
  return {
    visit: async (...origins) => watch(await browser.newContext({ serviceWorkers: 'block' }), origins),
    close: () => browser.close(),
  };
}

async function watch(context: BrowserContext, origins: string[]): Promise<Visit> {
  context.setDefaultTimeout(60_000);
  const visit: Visit = { page: await context.newPage(), outside: [], problems: [] };
  await context.route(
    (url) => !origins.includes(url.origin) && url.protocol.startsWith('http'),
    (route) => {
      visit.outside.push(route.request().url());
      return route.abort();
    },
  );
  context.on('console', (message) => {
    if (message.type() === 'error') visit.problems.push(`console: ${message.text()}`);
  });
  context.on('weberror', (error) => visit.problems.push(`uncaught: ${error.error().message}`));
  context.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText;
    // These are asked for late, and leaving the page cancels that.
    if (reason === 'net::ERR_ABORTED' && /\/(favicon|passkey-options|password-strength)/.test(request.url()))
      return;
    visit.problems.push(`failed: ${request.url()} ${reason}`);
  });
  return visit;
}
