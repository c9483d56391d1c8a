import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { checkHealth } from './health-check.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const fine = () => Promise.resolve();
const broken = () => Promise.reject(new Error('away'));
const silent = () => new Promise<never>(() => {});

it.each([
  [{ database: fine }, { keycloak: fine }, 'ok', { database: 'ok', keycloak: 'ok' }],
  [{ database: fine }, { keycloak: null }, 'ok', { database: 'ok', keycloak: 'off' }],
  [{ database: fine }, { keycloak: broken }, 'degraded', { database: 'ok', keycloak: 'down' }],
  [{ database: broken }, { keycloak: fine }, 'down', { database: 'down', keycloak: 'ok' }],
])('required %j and optional %j give %s', async (required, optional, status, checks) => {
  expect(await checkHealth({ required, optional })).toEqual({ status, checks });
});

it('responds within half a second if an optional dependency does not', async () => {
  const health = checkHealth({ required: { database: fine }, optional: { keycloak: silent } });
  await vi.advanceTimersByTimeAsync(500);
  expect(await health).toEqual({ status: 'degraded', checks: { database: 'ok', keycloak: 'down' } });
});

it('responds within a given timeout', async () => {
  const health = checkHealth({ required: { database: silent } }, 250);
  await vi.advanceTimersByTimeAsync(250);
  expect(await health).toEqual({ status: 'down', checks: { database: 'down' } });
});
