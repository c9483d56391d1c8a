import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { IMAGE_TYPES } from '#libs/config/parse/brand.js';
import type { BrandSettings } from '#libs/config/settings.js';

export interface Image {
  type: string;
  body: Buffer;
}

/** Reads the logo once, at the start. */
export function readLogo({ logo }: BrandSettings): Image | null {
  if (logo === null) return null;
  return { type: IMAGE_TYPES[extname(logo).toLowerCase()] as string, body: readFileSync(logo) };
}
