import { brandName, hexColor, imagePath } from '../parse/brand.js';
import type { Variables } from './variable.js';

export const brandVariables = {
  BRAND_NAME: {
    comment: "The name on identity-provider's own pages, such as the sign-in page.",
    parse: brandName,
    default: 'Twinkey',
    readBy: ['identity-provider'],
  },
  BRAND_COLOR: {
    comment:
      'The color of buttons on these pages, as #rrggbb. Text on it is black or white, whichever is legible.',
    parse: hexColor,
    default: '#2b59c3',
    readBy: ['identity-provider'],
  },
  BRAND_LOGO: {
    comment: 'The logo on these pages: the path of a file (.svg, .png, .jpg, .webp; at most 256 KiB).',
    parse: imagePath,
    defaultNote: 'none: the name alone',
    sample: '',
    commentedOut: true,
    readBy: ['identity-provider'],
  },
} satisfies Variables;
