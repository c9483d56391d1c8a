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

/** Marks a `.env` that Twinkey wrote a private key into; such a file must stay closed to others. */
const MARKER = '# Twinkey wrote keys into this file: keep it private (mode 0600).';

/** dotenv's own expression, so that both agree on where a value, which may span lines, begins and ends. */
const ASSIGNMENT =
  /^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$/dgm;

/** dotenv lets every `#` of an unquoted value begin a comment, where docker compose and shells want a space before it. */
const hideHashes = (text: string): string => text.replaceAll(/(?<=\S)#/g, '\0');
const showHashes = (text: string): string => text.replaceAll('\0', '#');

/** The variables that the text of a `.env` file sets. A comment begins with a `#` at the start of a line or after a space. */
export function parseEnvText(text: string): Record<string, string> {
  const values = Object.entries(parse(hideHashes(text)));
  return Object.fromEntries(values.map(([name, value]) => [name, showHashes(value)]));
}

/** Whether Twinkey itself put the private key into this text of a `.env` file. */
export function holdsWrittenKeys(text: string): boolean {
  return text.includes(MARKER);
}

/**
 * Sets variables in the text of a `.env` file, and keeps everything else: order, comments, line ends. Each
 * assignment of a variable that is there is replaced, so that no old key lingers; new ones go to the end.
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
    // Without a value there is still the sign behind the name.
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
  requireSameMeaning(result, { ...parseEnvText(original), ...values });
  return result;
}

/** Sets variables in a `.env` file, which is made where it is not there; afterwards only its owner can read it. */
export function writeEnvFile(path: string, values: Readonly<Record<string, string>>): void {
  writePrivateFile(path, updateEnvText(readIfThere(path), values));
}

/** The variables of a file that Twinkey wrote keys into. Throws a SettingsError where others may read it. */
export function readKeyFile(path: string): Record<string, string> {
  const text = readFileSync(path, 'utf8');
  assertPrivateFile(path);
  return parseEnvText(text);
}

/**
 * Writes a file that only its owner can read (0600), whole or not at all: a new file beside it is renamed
 * over it. A symbolic link stays one; the file that it names is written.
 */
export function writePrivateFile(path: string, text: string): void {
  const target = resolveLink(path);
  const temporary = writeBeside(target, text);
  try {
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** The same for a file that must not be there yet: of several who write it at once the first one wins. */
export function writePrivateFileOnce(path: string, text: string): void {
  const temporary = writeBeside(path, text);
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

/** @returns the path of a new file beside the target, complete and on disk */
function writeBeside(target: string, text: string): string {
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

/** Throws a SettingsError where anyone but the owner may read or write the file. Windows has no such bits. */
export function assertPrivateFile(path: string): void {
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
    throw new SettingsError([
      { variable: path, message: `holds keys and can be read by others; run: chmod 600 ${path}` },
    ]);
  }
}

function assignment(name: string, value: string): string {
  return /^[\w.:+/=,@-]*$/.test(value) ? `${name}=${value}` : `${name}='${value}'`;
}

/** A value that cannot be written (a quote in it), or a file too odd to edit, is an error and never a broken file. */
function requireSameMeaning(text: string, expected: Record<string, string>): void {
  const found = parseEnvText(text);
  const names = new Set([...Object.keys(found), ...Object.keys(expected)]);
  const changed = [...names].filter((name) => found[name] !== expected[name]);
  if (changed.length > 0) {
    throw new Error(`Cannot edit the .env file without changing ${changed.join(', ')}; set it by hand.`);
  }
}

function readIfThere(path: string): string {
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
