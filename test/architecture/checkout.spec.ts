import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { crossings } from './boundaries.js';
import { barrels, consoleCalls, disabledTests, environmentReads } from './conventions.js';
import { cycles } from './cycles.js';
import { readSources } from './source-file.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = readSources(root, ['apps', 'libs', 'migrations', 'keycloak']);
const tests = readSources(root, ['test']);

it('no import crosses a boundary', () => {
  expect(crossings(sources)).toEqual([]);
});

it('no imports form a cycle', () => {
  expect(cycles(sources)).toEqual([]);
});

it('no file only re-exports others', () => {
  expect(barrels(sources)).toEqual([]);
});

it('only libs/config reads the environment', () => {
  expect(environmentReads(sources)).toEqual([]);
});

it('nothing writes to the console', () => {
  expect(consoleCalls(sources)).toEqual([]);
});

it('no test is disabled', () => {
  expect(disabledTests([...sources, ...tests])).toEqual([]);
});
