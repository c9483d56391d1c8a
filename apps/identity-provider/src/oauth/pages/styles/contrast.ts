/** Black or white, whichever has the higher contrast: at least 4.5 : 1 on any color (WCAG 2.2, 1.4.3). */
export const textOn = (color: string): string => (luminance(color) > 0.179 ? '#000000' : '#ffffff');

/** WCAG 2.2, contrast ratio: 1 to 21. @param first @param second `#rrggbb` */
export function contrast(first: string, second: string): number {
  const [light = 0, dark = 0] = [luminance(first), luminance(second)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** The color, mixed with black or white only as far as text in it is legible on the background (4.5 : 1). */
export function legibleOn(background: string, color: string): string {
  const towards = textOn(background);
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = mix(color, towards, share);
    if (contrast(mixed, background) >= 4.5) return mixed;
  }
  return towards;
}

function mix(color: string, other: string, share: number): string {
  const parts = channels(color).map((value, index) => {
    const mixed = Math.round(value + ((channels(other)[index] as number) - value) * share);
    return mixed.toString(16).padStart(2, '0');
  });
  return `#${parts.join('')}`;
}

const channels = (color: string): number[] =>
  [1, 3, 5].map((index) => Number.parseInt(color.slice(index, index + 2), 16));

/** WCAG 2.2, relative luminance: 0 for black, 1 for white. */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = channels(color)
    .map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
