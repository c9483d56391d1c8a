import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { cachedDistribution, cacheFolder } from './distribution.js';

test('the cache is in XDG_CACHE_HOME, otherwise in the home folder', () => {
  expect(cacheFolder({ XDG_CACHE_HOME: '/var/cache/me' })).toBe('/var/cache/me/twinkey');
  expect(cacheFolder({ XDG_CACHE_HOME: '' })).toBe(join(homedir(), '.cache', 'twinkey'));
});

test('a distribution is found under its final name, and not while it is being prepared', () => {
  const cache = mkdtempSync(join(tmpdir(), 'twinkey-cache-'));
  onTestFinished(() => rmSync(cache, { recursive: true }));
  mkdirSync(join(cache, 'twinkey', 'keycloak-26.7.4.part-x7'), { recursive: true });
  expect(cachedDistribution({ XDG_CACHE_HOME: cache })).toBeNull();
  mkdirSync(join(cache, 'twinkey', 'keycloak-26.7.4'));
  expect(cachedDistribution({ XDG_CACHE_HOME: cache })).toBe(join(cache, 'twinkey', 'keycloak-26.7.4'));
});
