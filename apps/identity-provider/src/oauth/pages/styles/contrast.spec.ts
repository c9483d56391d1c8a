import { describe, expect, it } from 'vitest';
import { contrast, legibleOn, textOn } from './contrast.js';

const COLORS = ['#000000', '#ffffff', '#2b59c3', '#ffd400', '#00c853', '#767676', '#ff5c5c', '#101216'];

describe('colors of a brand', () => {
  it('contrast is the ratio of WCAG', () => {
    expect(contrast('#000000', '#ffffff')).toBe(21);
    expect(contrast('#767676', '#ffffff')).toBeCloseTo(4.54, 2);
    expect(contrast('#2b59c3', '#2b59c3')).toBe(1);
  });

  it.each(COLORS)('text on and in %s is legible', (color) => {
    expect(contrast(textOn(color), color)).toBeGreaterThanOrEqual(4.5);
    for (const background of ['#ffffff', '#181b20']) {
      expect(contrast(legibleOn(background, color), background)).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('a legible color stays as it is', () => {
    expect(legibleOn('#ffffff', '#2b59c3')).toBe('#2b59c3');
    expect(legibleOn('#181b20', '#ffd400')).toBe('#ffd400');
  });
});
