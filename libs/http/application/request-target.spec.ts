import { expect, it } from 'vitest';
import { toOriginForm } from './request-target.js';

it.each([
  ['/users/me?x=1', '/users/me?x=1'],
  ['//users', '//users'],
  ['http://localhost:3000/users?x=http://a/b', '/users?x=http://a/b'],
  ['HTTPS://localhost/users', '/users'],
  ['http://localhost', '/'],
  ['http://localhost?x=1', '/?x=1'],
  ['*', '/*'],
  ['ftp://localhost/users', '/ftp://localhost/users'],
  ['', '/'],
])('the request target %s becomes %s', (url, expected) => {
  expect(toOriginForm({ url })).toBe(expected);
});
