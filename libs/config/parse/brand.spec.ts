import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { brandName, hexColor, imagePath } from './brand.js';

describe('a brand', () => {
  it('has a name without control characters', () => {
    expect(brandName('Ada & Söhne')).toBe('Ada & Söhne');
    expect(() => brandName('a\u0007')).toThrow('control characters');
    expect(() => brandName('a'.repeat(65))).toThrow('at most 64');
  });

  it.each(['2b59c3', '#2b5', 'red', '#2b59c3;', 'url(x)'])('has no color %s', (text) => {
    expect(() => hexColor(text)).toThrow('#2b59c3');
  });

  it('has a color in lower case', () => {
    expect(hexColor('#2B59C3')).toBe('#2b59c3');
  });

  it('has a logo that exists, of a known type and size', () => {
    const folder = mkdtempSync(join(tmpdir(), 'brand-'));
    const write = (name: string, size: number) => {
      writeFileSync(join(folder, name), Buffer.alloc(size));
      return join(folder, name);
    };
    expect(imagePath(write('logo.SVG', 10))).toMatch(/logo\.SVG$/);
    expect(() => imagePath(write('logo.html', 10))).toThrow('.svg');
    expect(() => imagePath(write('big.png', 300_000))).toThrow('256 KiB');
    expect(() => imagePath(join(folder, 'missing.png'))).toThrow('exists');
  });
});
