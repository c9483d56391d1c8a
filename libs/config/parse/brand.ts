import { statSync } from 'node:fs';
import { extname } from 'node:path';
import { InvalidValue } from '../settings-error.js';

const MAX_NAME = 64;
const MAX_IMAGE_BYTES = 256 * 1024;

/** The types of the images that a page may show, by file extension. */
export const IMAGE_TYPES: Readonly<Record<string, string>> = {
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
};

/** A name for titles: 1 to 64 characters without control characters. */
export function brandName(text: string): string {
  if ([...text].length > MAX_NAME || /\p{Cc}/u.test(text)) {
    throw new InvalidValue(`must have at most ${MAX_NAME} characters, without control characters`);
  }
  return text;
}

/** `#rrggbb`, in lower case. */
export function hexColor(text: string): string {
  if (!/^#[0-9a-f]{6}$/i.test(text)) throw new InvalidValue('must be a color such as #2b59c3');
  return text.toLowerCase();
}

/** The path of an image that exists. */
export function imagePath(text: string): string {
  if (!Object.hasOwn(IMAGE_TYPES, extname(text).toLowerCase())) {
    throw new InvalidValue(`must be a file of type ${Object.keys(IMAGE_TYPES).join(', ')}`);
  }
  const file = statSync(text, { throwIfNoEntry: false });
  if (!file?.isFile()) throw new InvalidValue('must be the path of a file that exists');
  if (file.size > MAX_IMAGE_BYTES)
    throw new InvalidValue(`must be a file of at most ${MAX_IMAGE_BYTES / 1024} KiB`);
  return text;
}
