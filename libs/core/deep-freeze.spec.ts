import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { deepFreeze } from './deep-freeze.js';

it('freezes nested objects and arrays, and returns the same object', () => {
  const settings = { login: { maxFailures: 5 }, keys: [{ kid: 'a' }], keycloak: null };
  expect(deepFreeze(settings)).toBe(settings);
  expect(() => {
    settings.login.maxFailures = 6;
  }).toThrow(TypeError);
  expect(() => settings.keys.push({ kid: 'b' })).toThrow(TypeError);
  expect(Object.isFrozen(settings.keys[0])).toBe(true);
});

it('leaves other objects usable', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const roleMap = new Map([['staff', 'user']]);
  const settings = deepFreeze({ privateKey, roleMap });
  expect(settings.roleMap.get('staff')).toBe('user');
  expect(Object.isFrozen(settings.privateKey)).toBe(false);
});
