import type { Locator, Page } from 'playwright-core';

/** What a person does in a page of Swagger UI. */
export class SwaggerUi {
  constructor(private readonly page: Page) {}

  operation(id: string): Locator {
    return this.page.locator(`.opblock[id$="-${id}"]`);
  }

  async authorize(token: string): Promise<void> {
    await this.page.locator('.auth-wrapper .authorize').click();
    await this.page.locator('.auth-container input').fill(token);
    await this.page.locator('.auth-container button.authorize').click();
    await this.page.locator('.auth-container .btn-done').click();
  }

  /** Opens an operation where it is not open, runs it, and gives the live answer. */
  async run(id: string, body?: object): Promise<{ status: string; json: string }> {
    const block = this.operation(id);
    await block.waitFor();
    if (!(await block.getAttribute('class'))?.includes('is-open')) {
      await block.locator('.opblock-summary-control').click();
    }
    await block.getByRole('button', { name: 'Try it out' }).click();
    if (body) await block.locator('textarea.body-param__text').fill(JSON.stringify(body));
    await block.getByRole('button', { name: 'Execute' }).click();
    const live = block.locator('.live-responses-table .response');
    return {
      status: await live.locator('.response-col_status').innerText(),
      json: await live.locator('.highlight-code').first().innerText(),
    };
  }
}
