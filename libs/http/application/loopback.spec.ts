import { expect, it } from 'vitest';
import { isLoopbackHost } from './loopback.js';

it.each([
  'localhost',
  'LocalHost:3001',
  'localhost.',
  'localhost.:3001',
  'twinkey.localhost:3001',
  'a.b.localhost.',
  '127.0.0.1',
  '127.0.0.1:3001',
  '127.255.1.2:',
  '[::1]',
  '[::1]:3001',
  '[0:0:0:0:0:0:0:1]:3001',
  '[::ffff:127.0.0.1]:3001',
])('%s is loopback', (host) => {
  expect(isLoopbackHost(host)).toBe(true);
});

it.each([
  '',
  ':3001',
  'evil.example',
  'evil.example:3001',
  'localhost.evil.example',
  'evil-localhost',
  'localhost..',
  '.localhost',
  'localhost:3001@evil.example',
  'localhost, evil.example',
  '127.0.0.1.nip.io',
  '127.0.0.1:3001:3001',
  '127.1',
  '2130706433',
  '0.0.0.0:3001',
  '10.0.0.1',
  '128.0.0.1',
  '::1',
  '::1:3001',
  '[::1',
  '[::]:3001',
  '[127.0.0.1]',
  '[::2]',
  '[::ffff:10.0.0.1]',
  '[localhost]',
])('%j is not', (host) => {
  expect(isLoopbackHost(host)).toBe(false);
});
