import { expect, it } from 'vitest';
import { connectionUrl } from './connection-url.js';

const HOST = 'postgres://u:p%40ss@db.example:5432/app';

it.each([
  ['', ''],
  ['?application_name=a', '?application_name=a'],
  ['?sslmode=disable', '?sslmode=disable'],
  ['?sslmode=no-verify', '?sslmode=no-verify'],
  ['?sslmode=verify-full&sslrootcert=%2Fca.pem', '?sslmode=verify-full&sslrootcert=%2Fca.pem'],
  ['?sslmode=require', '?sslmode=verify-full'],
  ['?sslmode=prefer&options=-c%20a%3Db', '?sslmode=verify-full&options=-c+a%3Db'],
  ['?sslmode=disable&sslmode=require', '?sslmode=verify-full'],
  ['?sslmode=verify-ca', '?sslmode=verify-full'],
  ['?sslmode=verify-ca&sslrootcert=/ca.pem', '?sslmode=verify-ca&sslrootcert=%2Fca.pem&uselibpqcompat=true'],
  ['?sslmode=require&sslrootcert=system', '?sslmode=verify-full'],
  ['?sslrootcert=system', '?sslmode=verify-full'],
  ['?uselibpqcompat=true&sslmode=require', '?uselibpqcompat=true&sslmode=require'],
])('%j becomes %j', (query, expected) => {
  expect(connectionUrl(`${HOST}${query}`)).toBe(`${HOST}${expected}`);
});
