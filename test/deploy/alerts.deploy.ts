import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { scrapeMetrics } from '#libs/observability/metrics.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { startTestUserService, type TestUserService } from '../support/user-service.js';
import { FETCH_TIMEOUT, run } from './cached-program.js';
import { promtool } from './programs.js';

interface Rule {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string };
}

const pathOf = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const read = (name: string) => readFileSync(pathOf(name), 'utf8');
const RULES = 'deploy/alerts/twinkey.rules.yml';
const TESTS = 'deploy/alerts/twinkey.rules.test.yml';
const rules: Rule[] = parse(read(RULES)).groups.flatMap(({ rules: found }: { rules: Rule[] }) => found);
const names = rules.map(({ alert }) => alert).sort();

describe('the alert rules', () => {
  let identityProvider: TestIdentityProvider;
  let userService: TestUserService;
  beforeAll(async () => {
    identityProvider = await startTestIdentityProvider();
    userService = await startTestUserService();
  });
  afterAll(async () => {
    await userService.close();
    await identityProvider.close();
  });

  it('each have a line in docs/operations.md, which describes no other', () => {
    const lines = [...read('docs/operations.md').matchAll(/^\| `(Twinkey[A-Za-z]+)` \| (.+) \| (.+) \|$/gm)];
    expect(lines.map(([, name]) => name).sort()).toEqual(names);
    for (const [, , meaning, remedy] of lines) {
      expect(meaning).not.toBe('');
      expect(remedy).not.toBe('');
    }
  });

  it('each have a unit test', () => {
    const tested = parse(read(TESTS)).tests.map(({ name }: { name: string }) => name);
    expect(tested.filter((name: string) => name.startsWith('Twinkey')).sort()).toEqual(names);
  });

  it('use only metrics that exist in /metrics', async () => {
    const declared = [...(await scrapeMetrics()).matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
    const used = rules.flatMap(({ expr }) => expr.match(/\b(?:twinkey|process|nodejs)_[a-z0-9_]+/g) ?? []);
    expect(used.length).toBeGreaterThan(names.length);
    const base = (name: string) => name.replace(/_seconds_(bucket|sum|count)$/, '_seconds');
    expect(used.filter((name) => !declared.includes(base(name)))).toEqual([]);
  });
});

describe.skipIf(!promtool.isAvailable)('the alert rules for promtool', () => {
  beforeAll(() => promtool.get(), FETCH_TIMEOUT);

  it('are valid', async () => {
    await run(await promtool.get(), ['check', 'rules', pathOf(RULES)]);
  });

  it('fire for their fault, and not in normal operation', async () => {
    await run(await promtool.get(), ['test', 'rules', pathOf(TESTS)]);
  });
});
