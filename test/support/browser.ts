import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** Nothing but the pages under test: no sandbox (CI runs as root), no graphics, no service of the vendor. */
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

/** A fresh profile that is looking at one site, and what went wrong on the way. */
export interface Visit {
  page: Page;
  /** URLs asked for beyond its origins: they were refused. */
  outside: string[];
  /** Errors on the console, uncaught ones, requests that failed. */
  problems: string[];
}

export interface TestBrowser {
  /** @param origins `http://127.0.0.1:8001`: everything else is out of reach */
  visit(...origins: string[]): Promise<Visit>;
  close(): Promise<void>;
}

/**
 * Starts the machine's Chromium headless, with a profile in a temporary folder that goes with it.
 * @throws Error where there is none
 */
export async function startBrowser(): Promise<TestBrowser> {
  const browser: Browser = await chromium.launch({
    executablePath: await requireChromium(),
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
    // The browser asks for the icon late, and a reload cancels that.
    if (reason === 'net::ERR_ABORTED' && request.url().includes('/favicon')) return;
    visit.problems.push(`failed: ${request.url()} ${reason}`);
  });
  return visit;
}

async function requireChromium(): Promise<string> {
  const { href } = new URL('../../scripts/support/available.mjs', import.meta.url);
  const { findChromium } = (await import(href)) as { findChromium(): string | null };
  const path = findChromium();
  if (path === null) throw new Error('No Chromium here: install one, or set CHROMIUM_PATH.');
  return path;
}
