import { expect, it } from 'vitest';
import { PERMISSION_CATALOGUE } from './permission-catalogue.js';

it('names each permission once', () => {
  const names = PERMISSION_CATALOGUE.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.every((name) => name === '*' || /^[a-z]+:(create|read|update|delete)$/.test(name))).toBe(true);
});
