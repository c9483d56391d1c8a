import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Set it to look at the pages. */
const FOLDER = process.env['SCREENSHOTS'];

const MAX_ELEMENTS = 50;

const VIEWS = [320, 1280].flatMap((width) =>
  (['light', 'dark'] as const).map((colorScheme) => ({ width, colorScheme })),
);

/** Runs axe-core at both widths, in light and dark, and checks that nothing is wider than the page. */
export async function expectAccessible(page: Page, name: string, views = VIEWS): Promise<void> {
  // Not addScriptTag: the page's policy allows no script.
  await page.evaluate(AXE);
  for (const { width, colorScheme } of views) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    if (FOLDER) {
      mkdirSync(FOLDER, { recursive: true });
      await page.screenshot({ path: `${FOLDER}/${name}-${width}-${colorScheme}.png`, fullPage: true });
    }
    const violations = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      };
      const result = await axe.run();
      return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    });
    expect(violations, `${name} ${width} ${colorScheme}`).toEqual([]);
    const overflow = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
    expect(overflow, `${name} is wider than ${width} px`).toBe(false);
  }
}

/** The same for a page that can be loaded again, and then in German, whose colors are the same. */
export async function expectAccessibleInBoth(page: Page, name: string): Promise<void> {
  await expectAccessible(page, name);
  await page.setExtraHTTPHeaders({ 'accept-language': 'de' });
  await page.goto(page.url());
  expect(await page.getAttribute('html', 'lang')).toBe('de');
  await expectAccessible(
    page,
    `${name}-de`,
    VIEWS.filter(({ colorScheme }) => colorScheme === 'light'),
  );
  await page.setExtraHTTPHeaders({ 'accept-language': 'en' });
  await page.goto(page.url());
}

/** Without a mouse: moves to the element with Tab, and presses Enter there. */
export async function pressEnterOn(page: Page, name: string): Promise<void> {
  const order = await focusOrder(page);
  expect(order).toContain(name);
  for (let presses = 0; presses <= order.indexOf(name); presses++) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
}

/** The same, and waits for the next page. */
export async function follow(page: Page, name: string): Promise<void> {
  const next = page.waitForNavigation();
  await Promise.all([next, pressEnterOn(page, name)]);
}

/** Sends the form of a page by Enter in its last field. */
export const submitByEnter = (page: Page) =>
  Promise.all([page.waitForNavigation(), page.locator('main input:visible').last().press('Enter')]);

/** Moves the focus behind the last element: the next Tab is at the first one. */
export async function leaveElements(page: Page): Promise<void> {
  for (let presses = 0; presses < MAX_ELEMENTS; presses++) {
    if (await page.evaluate('document.activeElement === document.body')) return;
    await page.keyboard.press('Tab');
  }
  throw new Error('The focus never leaves the elements of the page.');
}

/** Presses Tab from the first element to the last. @returns what has the focus after each: `#id`, or tag and text */
export async function focusOrder(page: Page): Promise<string[]> {
  await leaveElements(page);
  const order: string[] = [];
  for (let presses = 0; presses < MAX_ELEMENTS; presses++) {
    await page.keyboard.press('Tab');
    // As a string, because it runs in the page.
    const focused = (await page.evaluate(`(() => {
      const { activeElement: element } = document;
      if (element === document.body) return '';
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      if (outlineStyle === 'none' || parseFloat(outlineWidth) < 2) return element.id + ' without a focus ring';
      return element.id ? '#' + element.id : element.localName + ' ' + element.textContent.trim();
    })()`)) as string;
    if (focused === '') return order;
    order.push(focused);
  }
  throw new Error(`The focus does not come back: ${order.join(', ')}`);
}
