import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { parse } from 'dotenv';
import { SettingsError } from './settings-error.js';
import { isVariableName } from './unknown-variables.js';

/** Marks a `.env` that contains a private key written by Twinkey: other users must not be able to read it. */
const MARKER = '# Twinkey wrote keys into this file: keep it private (mode 0600).';

/** dotenv's regular expression, so that both agree on where a value, which can span lines, starts and ends. */
const ASSIGNMENT =
  /^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$/dgm;

/** In dotenv, every `#` of an unquoted value starts a comment; docker compose and shells require a space before it. */
const hideHashes = (text: string): string => text.replaceAll(/(?<=\S)#/g, '\0');
const showHashes = (text: string): string => text.replaceAll('\0', '#');

/** The variables in the text of a `.env` file. A comment starts with a `#` at the start of a line or after a space. */
export function parseEnvText(text: string): Record<string, string> {
  const values = Object.entries(parse(hideHashes(text)));
  return Object.fromEntries(values.map(([name, value]) => [name, showHashes(value)]));
}

/** Whether Twinkey wrote the private key in this text of a `.env` file. */
export function holdsWrittenKeys(text: string): boolean {
  return text.includes(MARKER);
}

/**
 * Sets variables in the text of a `.env` file, and keeps everything else: order, comments, line breaks. Replaces every
 * existing assignment of a variable, so that no old key remains. Appends new variables.
 */
export function updateEnvText(original: string, values: Readonly<Record<string, string>>): string {
  const text = hideHashes(original);
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  const missing = new Set(Object.keys(values));
  let updated = '';
  let position = 0;
  for (const match of text.matchAll(ASSIGNMENT)) {
    const name = match[1] ?? '';
    const value = values[name];
    if (value === undefined) {
      continue;
    }
    const [start, afterName] = match.indices?.[1] ?? [0, 0];
    const end =
      match[2] === undefined ? afterName : (match.indices?.[2]?.[0] ?? 0) + match[2].trimEnd().length;
    updated += text.slice(position, start) + assignment(name, value);
    // An assignment without a value still has a separator after the name.
    position = match[2] === undefined ? end + (/^\s*[=:]/.exec(text.slice(end))?.[0].length ?? 0) : end;
    missing.delete(name);
  }
  updated += text.slice(position);
  const added = [...missing].map((name) => assignment(name, values[name] ?? ''));
  const needsMarker = values['JWT_PRIVATE_KEY'] !== undefined && !holdsWrittenKeys(updated);
  const lines = [...(needsMarker ? [MARKER] : []), ...added].map((line) => line + lineEnd);
  const result = showHashes(
    updated + (updated === '' || updated.endsWith('\n') ? '' : lineEnd) + lines.join(''),
  );
  requireSameValues(result, { ...parseEnvText(original), ...values });
  return result;
}

/** Sets variables in a `.env` file. Creates the file if it does not exist, and makes it readable by its owner only. */
export function writeEnvFile(path: string, values: Readonly<Record<string, string>>): void {
  writePrivateFile(path, updateEnvText(readIfExists(path), values));
}

/** The variables of a file with keys. @throws SettingsError if other users can access it */
export function readKeyFile(path: string): Record<string, string> {
  const text = readFileSync(path, 'utf8');
  assertPrivateFile(path);
  return parseEnvText(text);
}

/**
 * Writes a file that only its owner can read (0600). The write is atomic: a temporary file in the same folder replaces
 * the target. If the path is a symbolic link, the target of the link is written.
 */
export function writePrivateFile(path: string, text: string): void {
  const target = resolveLink(path);
  const temporary = writeTemporary(target, text);
  try {
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Like `writePrivateFile`, but does nothing if the file exists: the first of several writers wins. */
export function writePrivateFileOnce(path: string, text: string): void {
  const temporary = writeTemporary(path, text);
  try {
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error;
    }
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** @returns the path of a temporary file in the folder of the target, complete and on disk */
function writeTemporary(target: string, text: string): string {
  const temporary = `${target}.${randomBytes(6).toString('hex')}`;
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
    return temporary;
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

/** @throws SettingsError if other users can read or write the file. Windows has no mode bits and is not checked. */
export function assertPrivateFile(path: string): void {
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
    throw new SettingsError([
      { variable: path, message: `contains keys and can be read by others; run: chmod 600 ${path}` },
    ]);
  }
}

function assignment(name: string, value: string): string {
  return /^[\w.:+/=,@-]*$/.test(value) ? `${name}=${value}` : `${name}='${value}'`;
}

/** A value that cannot be written (it contains a quote) or an unusual file causes an error, never a broken file. */
function requireSameValues(text: string, expected: Record<string, string>): void {
  const found = parseEnvText(text);
  const names = new Set([...Object.keys(found), ...Object.keys(expected)]);
  const changed = [...names].filter((name) => found[name] !== expected[name]);
  if (changed.length > 0) {
    const names = changed.filter(isVariableName).join(', ') || 'other lines';
    throw new Error(`Cannot edit the .env file without changing ${names}; set it by hand.`);
  }
}

function readIfExists(path: string): string {
  return unlessMissing(() => readFileSync(path, 'utf8'), '');
}

function resolveLink(path: string): string {
  return unlessMissing(() => realpathSync(path), path);
}

function unlessMissing<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return otherwise;
    }
    throw error;
  }
}
