import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { crossings } from './boundaries.js';
import { barrels, consoleCalls, environmentReads, switchedOffTests } from './conventions.js';
import { cycles } from './cycles.js';
import { readSources } from './source-file.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = readSources(root, ['apps', 'libs', 'migrations', 'keycloak']);
const tests = readSources(root, ['test']);

it('no import crosses a boundary', () => {
  expect(crossings(sources)).toEqual([]);
});

it('no file imports itself by way of others', () => {
  expect(cycles(sources)).toEqual([]);
});

it('no file only passes on what others export', () => {
  expect(barrels(sources)).toEqual([]);
});

it('libs/config alone reads the environment', () => {
  expect(environmentReads(sources)).toEqual([]);
});

it('nothing writes to the console', () => {
  expect(consoleCalls(sources)).toEqual([]);
});

it('every test runs', () => {
  expect(switchedOffTests([...sources, ...tests])).toEqual([]);
});
