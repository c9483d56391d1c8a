import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'dotenv';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renderEnvExample } from './env-example.js';
import {
  assertPrivateFile,
  parseEnvText,
  readKeyFile,
  updateEnvText,
  writeEnvFile,
  writePrivateFile,
  writePrivateFileOnce,
} from './env-file.js';
import { SettingsError } from './settings-error.js';

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('parseEnvText', () => {
  it.each([
    ['a # within a value', 'A=Abc#NdhMw3', 'Abc#NdhMw3'],
    ['a # at the start of a value', 'A=#x', '#x'],
    ['a comment after a space', 'A=Abc #NdhMw3', 'Abc'],
    ['a comment after a tab and another #', 'A=a#b\t# c#d', 'a#b'],
    ['nothing but a comment', 'A= # c#d', ''],
    ['a # in quotes', "A='a #b' # c", 'a #b'],
    ['a comment after quotes', 'A="a#b" # c', 'a#b'],
    [
      'a PEM with line breaks in quotes',
      'A="-----BEGIN X-----\nYWJj\n-----END X-----"',
      '-----BEGIN X-----\nYWJj\n-----END X-----',
    ],
    ['escaped line breaks in double quotes', 'A="a\\nb"', 'a\nb'],
    ['escaped line breaks without quotes', 'A=a\\nb', 'a\\nb'],
  ])('reads %s', (_, text, value) => expect(parseEnvText(`${text}\nB=1\n`)).toEqual({ A: value, B: '1' }));

  it('takes a line that is a comment for one', () => {
    expect(parseEnvText('# A=1\n#B=2#3\nC=4\n')).toEqual({ C: '4' });
  });
});

describe('updateEnvText', () => {
  it.each([
    ['an empty file', '', 'A=new\n'],
    ['a line', 'A=old\nB=1\n', 'A=new\nB=1\n'],
    ['an empty value, and keeps the comment on the next line', 'A=\n# note\nB=1\n', 'A=new\n# note\nB=1\n'],
    ['an empty value at the end', 'A=', 'A=new\n'],
    ['a line with a comment behind it', 'A=old # why\nB=1\n', 'A=new # why\nB=1\n'],
    ['spaces and export', '  export A = old\nB=1\n', '  export A=new\nB=1\n'],
    ['a value of several lines', 'A="one\ntwo"\nB=1\n', 'A=new\nB=1\n'],
    ['quotes', "A='old'\nB=1\n", 'A=new\nB=1\n'],
    ['a colon', 'A: old\n', 'A=new\n'],
    ['each of two assignments', 'A=old\nA=older\n', 'A=new\nA=new\n'],
    ['Windows line ends', 'B=1\r\nA=old\r\n', 'B=1\r\nA=new\r\n'],
    ['Windows line ends, added', 'B=1\r\n', 'B=1\r\nA=new\r\n'],
    ['a file without a last line end', 'B=1', 'B=1\nA=new\n'],
    ['a commented-out line, which stays', '# A=old\nB=1\n', '# A=old\nB=1\nA=new\n'],
    ['a value with a #, and beside one', 'A=a#b # c\nB=b#c\n', 'A=new # c\nB=b#c\n'],
    ['a longer name, which stays', 'AA=1\nBA=2\n', 'AA=1\nBA=2\nA=new\n'],
  ])('sets the variable in %s', (_, before, after) => {
    expect(updateEnvText(before, { A: 'new' })).toBe(after);
  });

  it('keeps every other line of .env.example', () => {
    const example = renderEnvExample();
    const after = updateEnvText(example, { PORT: '9001', JWT_KID: 'k#1', JWT_PUBLIC_KEY: 'YWJj+/==' });
    expect(parse(after)).toEqual({
      ...parse(example),
      PORT: '9001',
      JWT_KID: 'k#1',
      JWT_PUBLIC_KEY: 'YWJj+/==',
    });
    expect(after.startsWith(example.replace('\nPORT=8001\n', '\nPORT=9001\n'))).toBe(true);
  });

  it('gives the same text when repeated', () => {
    const values = { JWT_PRIVATE_KEY: 'YWJj', JWT_KID: 'k1' };
    const once = updateEnvText('B=1\n', values);
    expect(updateEnvText(once, values)).toBe(once);
  });

  it.each([["it's"], ['two\nlines'], ['$`']])(
    'never writes a value that would be read back differently: %j',
    (value) => {
      let text: string;
      try {
        text = updateEnvText('B=1\n', { A: value });
      } catch (error) {
        expect(String(error)).toContain('set it by hand');
        expect(String(error)).not.toContain(value);
        return;
      }
      expect(parse(text)).toEqual({ A: value, B: '1' });
    },
  );
});

describe('files', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'twinkey-env-file-'));
    path = join(folder, '.env');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('makes a .env that its owner alone can read', () => {
    writeEnvFile(path, { A: '1' });
    expect(readFileSync(path, 'utf8')).toBe('A=1\n');
    expect(modeOf(path)).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['.env']);
  });

  it('closes a .env that was open, and keeps what it held', () => {
    writeFileSync(path, 'B=2\n', { mode: 0o644 });
    writeEnvFile(path, { A: '1' });
    expect(readFileSync(path, 'utf8')).toBe('B=2\nA=1\n');
    expect(modeOf(path)).toBe(0o600);
  });

  it('writes through a symbolic link', () => {
    writeFileSync(join(folder, 'real'), 'B=2\n');
    symlinkSync(join(folder, 'real'), path);
    writeEnvFile(path, { A: '1' });
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, 'real'), 'utf8')).toBe('B=2\nA=1\n');
  });

  it('leaves nothing behind where it cannot write', () => {
    expect(() => writePrivateFile(folder, 'text')).toThrow();
    expect(readdirSync(folder)).toEqual([]);
    expect(
      readdirSync(join(folder, '..')).filter((name) => join(folder, '..', name).startsWith(`${folder}.`)),
    ).toEqual([]);
  });

  it('lets the first of several writers win, where a file is written once', () => {
    writePrivateFileOnce(path, 'A=1\n');
    writePrivateFileOnce(path, 'A=2\n');
    expect(readKeyFile(path)).toEqual({ A: '1' });
    expect(modeOf(path)).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['.env']);
  });

  it('does not read keys that others can read as well', () => {
    writePrivateFileOnce(path, 'A=1\n');
    chmodSync(path, 0o644);
    expect(() => readKeyFile(path)).toThrow(SettingsError);
  });

  it.each([[0o644], [0o640], [0o604], [0o620]])('refuses a key file with mode %o', (mode) => {
    writePrivateFile(path, 'key');
    expect(() => assertPrivateFile(path)).not.toThrow();
    chmodSync(path, mode);
    expect(() => assertPrivateFile(path)).toThrow(SettingsError);
  });
});
