import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeycloakServiceSettings } from '#libs/config/settings.js';
import { scrapeMetrics } from '#libs/observability/metrics.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { startTestUserService, type TestUserService } from '../support/user-service.js';

interface Panel {
  title: string;
  type: string;
  targets?: { expr: string }[];
}

const DASHBOARD = new URL('../../deploy/grafana/twinkey.json', import.meta.url);

/** Keycloak settings, so that its metrics exist; no server listens there. */
const KEYCLOAK: KeycloakServiceSettings = {
  issuer: 'http://127.0.0.1:9/realms/none',
  jwksUrl: 'http://127.0.0.1:9/realms/none/certs',
  audience: 'user-service',
  roleMap: new Map(),
  url: 'http://127.0.0.1:9',
  internalUrl: 'http://127.0.0.1:9',
  realm: 'none',
  clientId: 'user-service',
  clientSecret: 'none',
};

/** Suffixes of a histogram's series in Prometheus. */
const SUFFIXES = ['_bucket', '_sum', '_count'];

let identityProvider: TestIdentityProvider;
let userService: TestUserService;
let panels: Panel[];
/** The label names of each metric's series, by metric name. */
let metrics: Map<string, Set<string>>;

beforeAll(async () => {
  identityProvider = await startTestIdentityProvider();
  userService = await startTestUserService({ keycloak: KEYCLOAK });
  const dashboard = JSON.parse(await readFile(DASHBOARD, 'utf8')) as { panels: Panel[] };
  panels = dashboard.panels.filter(({ type }) => type !== 'row');
  metrics = readMetrics(await scrapeMetrics());
});
afterAll(async () => {
  await userService.close();
  await identityProvider.close();
});

function readMetrics(text: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    const names = type === 'histogram' ? SUFFIXES.map((suffix) => `${name}${suffix}`) : [name as string];
    for (const each of names) found.set(each, new Set());
  }
  for (const [, name, labels] of text.matchAll(/^([a-z0-9_]+)\{(.*)\} /gm)) {
    for (const [, label] of (labels as string).matchAll(/([a-z_]+)="/g))
      found.get(name as string)?.add(label as string);
  }
  return found;
}

const expressions = () => panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
const namesIn = (expression: string) => expression.match(/\b(?:twinkey|process|nodejs)_[a-z0-9_]+\b/g) ?? [];

describe('the Grafana dashboard', () => {
  it('has panels, and each expression contains a metric', () => {
    expect(panels.length).toBeGreaterThan(10);
    for (const expression of expressions()) expect(namesIn(expression)).not.toEqual([]);
  });

  it('uses only metrics that exist in /metrics', () => {
    const unknown = expressions()
      .flatMap(namesIn)
      .filter((name) => !metrics.has(name));
    expect(unknown).toEqual([]);
  });

  it('groups only by labels that the metric has', async () => {
    await identityProvider.api.get('/health/live');
    const known = readMetrics(await scrapeMetrics());
    const labels = known.get('twinkey_http_request_duration_seconds_bucket') as Set<string>;
    const used = expressions()
      .filter((expression) => expression.includes('twinkey_http_request_duration_seconds'))
      .flatMap((expression) => [...expression.matchAll(/by \(([^)]+)\)/g)])
      .flatMap(([, names]) => (names as string).split(', '));
    expect([...new Set(used)].filter((label) => !labels.has(label))).toEqual([]);
  });

  it('shows every metric of Twinkey', () => {
    const shown = new Set(expressions().flatMap(namesIn));
    const ours = [...metrics.keys()].filter((name) => name.startsWith('twinkey_'));
    expect(ours.length).toBeGreaterThan(10);
    expect(ours.filter((name) => !shown.has(name))).toEqual([]);
  });
});
