import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BreachedPasswords } from './breached-passwords.js';

const sha1 = (password: string) => createHash('sha1').update(password).digest('hex');

function searching(content: string | null): BreachedPasswords {
  const path = content === null ? null : join(mkdtempSync(join(tmpdir(), 'twinkey-')), 'hashes.txt');
  if (path !== null) writeFileSync(path, content as string);
  return new BreachedPasswords({ breachedPasswordsFile: path });
}

const passwords = Array.from({ length: 3_000 }, (_, index) => `password number ${index}`);
const lines = passwords
  .map((password, index) => `${sha1(password).toUpperCase()}:${7 ** (index % 9)}`)
  .sort();

it.each([
  ['with counts', `${lines.join('\n')}\n`],
  ['with CRLF, as the public list has it', `${lines.join('\r\n')}\r\n`],
  ['without a last line break', lines.join('\n')],
  ['in lower case, without counts', lines.map((line) => line.slice(0, 40).toLowerCase()).join('\n')],
])('finds every password of a file %s, and no other one', (_, content) => {
  const breached = searching(content);
  const missed = passwords.filter((password) => breached.faultsOf(password).length === 0);
  expect(missed).toEqual([]);
  expect(passwords.filter((password) => breached.faultsOf(`${password}!`).length > 0)).toEqual([]);
});

it('finds the password of a file with one line', () => {
  expect(searching(`${lines[0]}\n`).faultsOf('another password')).toEqual([]);
  const [only] = passwords as [string];
  expect(searching(`${sha1(only)}:1\n`).faultsOf(only)).toMatchObject([{ code: 'breached_password' }]);
});

it('compares composed characters, as the stored hashes do', () => {
  const breached = searching(`${sha1('pässword'.normalize('NFC')).toUpperCase()}:1\n`);
  expect(breached.faultsOf('pässword'.normalize('NFD'))).toHaveLength(1);
});

it('finds nothing without a file', () => {
  expect(searching(null).faultsOf('password1')).toEqual([]);
});
