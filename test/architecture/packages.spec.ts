import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { productionPackages } from '../support/production-packages.js';

const PERMISSIVE = new Set([
  ...['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'MIT-0'],
  ...['(MIT OR CC0-1.0)', 'Python-2.0'],
]);

/** MIT according to their LICENSE files or READMEs; their package.json has no licence. */
const MIT_BY_FILE = new Set(['limiter', 'passport-strategy', 'pause']);

const production = productionPackages();

describe('the production packages', () => {
  it('all have a permissive licence', () => {
    const others = production.filter(
      ({ name, license }) => !(license ? PERMISSIVE.has(license) : MIT_BY_FILE.has(name)),
    );
    expect(others).toEqual([]);
  });

  it('are at most 246', () => {
    expect(production.length).toBeGreaterThan(100);
    expect(production.length).toBeLessThanOrEqual(246);
  });

  it('need at most 170 MB', () => {
    const blocks = production.map(({ path }) => blocksOf(path)).reduce((sum, each) => sum + each, 0);
    const megabytes = (blocks * BLOCK) / 2 ** 20;
    expect(megabytes).toBeGreaterThan(50);
    expect(megabytes).toBeLessThanOrEqual(170);
  });
});

const BLOCK = 4096;

/** What `du` shows on a disk with blocks of 4 KiB, computed, because this machine's may be larger or compressed. */
function blocksOf(folder: string): number {
  const sizes = readdirSync(folder, { withFileTypes: true }).map((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return Math.ceil(statSync(path).size / BLOCK);
    return entry.name === 'node_modules' ? 0 : blocksOf(path);
  });
  return sizes.reduce((sum, size) => sum + size, 1);
}
