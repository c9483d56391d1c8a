import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { renderSettingsPage } from './settings-page.js';
import { SECTIONS } from './variables/table.js';

const path = fileURLToPath(new URL('../../docs/settings.md', import.meta.url));

describe('docs/settings.md', () => {
  it('is up to date with the table of variables', async () => {
    await expect(renderSettingsPage()).toMatchFileSnapshot(path);
  });

  it('has a row for every variable', () => {
    const page = readFileSync(path, 'utf8');
    for (const name of SECTIONS.flatMap(({ variables }) => Object.keys(variables))) {
      expect(page).toContain(`| \`${name}\` |`);
    }
  });
});
