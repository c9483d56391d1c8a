import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import spectralCore from '@stoplight/spectral-core';
import spectralRulesets from '@stoplight/spectral-rulesets';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../../openapi', import.meta.url));
const documents = readdirSync(folder).map((name) => `${folder}/${name}`);

it('there is a document for each listener', () => {
  expect(documents.length).toBeGreaterThan(1);
});

describe.each(documents)('%s', { timeout: 60_000 }, (file) => {
  const source = readFileSync(file, 'utf8');

  it('passes the recommended rules of redocly, without a warning', async () => {
    const config = await createConfig({ extends: ['recommended'] });
    const problems = await lintFromString({ source, absoluteRef: file, config });
    expect(problems.map(({ ruleId, location: [at] }) => `${ruleId} ${at?.pointer}`)).toEqual([]);
  });

  it("passes spectral's rules for OpenAPI, without a warning", async () => {
    const spectral = new spectralCore.Spectral();
    // The packages' types do not fit each other; that the rules are in force, their number shows.
    spectral.setRuleset({ extends: [[spectralRulesets.oas as never, 'recommended']] });
    expect(Object.keys(spectral.ruleset?.rules ?? {}).length).toBeGreaterThan(30);
    const problems = await spectral.run(JSON.parse(source) as Record<string, unknown>);
    expect(problems.map(({ code, path }) => `${code} ${path.join('/')}`)).toEqual([]);
  });
});
