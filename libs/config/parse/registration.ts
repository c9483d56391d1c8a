import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { InvalidValue } from '../settings-error.js';

const DOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/;
const HASH_LINE = /^[0-9A-Fa-f]{40}(:\d+)?\r?\n/;

/** The name of a Twinkey role. */
export function roleName(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(text)) {
    throw new InvalidValue('must be the name of a role: letters, digits, "_" and "-"');
  }
  return text;
}

/** Comma-separated domains, in lower case. Names beyond ASCII are converted as in a browser. */
export function emailDomains(text: string): string[] {
  return text.split(',').map((entry, index) => {
    const name = entry.trim().replace(/^@/, '');
    const url = `http://${name}/`;
    const domain = URL.canParse(url) ? new URL(url).hostname : '';
    if (!DOMAIN.test(domain) || /[/:?#@\\]/.test(name)) {
      throw new InvalidValue(`must be domains such as example.com, comma-separated (entry ${index + 1})`);
    }
    return domain;
  });
}

/** The path of a file that exists and whose first line is a SHA-1. The file is not read further. */
export function breachedPasswordsFile(path: string): string {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
    throw new InvalidValue('must be the path of a file that exists');
  }
  if (!HASH_LINE.test(beginningOf(path))) {
    throw new InvalidValue(
      'must be a file of sorted SHA-1 hashes, one a line, such as 5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:3861493',
    );
  }
  return path;
}

function beginningOf(path: string): string {
  const buffer = Buffer.alloc(64);
  try {
    const file = openSync(path, 'r');
    try {
      return buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    throw new InvalidValue('must be a file that this process can read');
  }
}
