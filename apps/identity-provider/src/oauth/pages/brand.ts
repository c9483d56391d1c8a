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

/** Black or white, whichever has the higher contrast: at least 4.5 : 1 on any color (WCAG 2.2, 1.4.3). */
export const textOn = (color: string): string => (luminance(color) > 0.179 ? '#000000' : '#ffffff');

/** WCAG 2.2, relative luminance: 0 for black, 1 for white. */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((index) => Number.parseInt(color.slice(index, index + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
