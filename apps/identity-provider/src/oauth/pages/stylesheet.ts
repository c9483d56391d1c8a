import { BASE } from './styles/base.js';
import { BLOCKS } from './styles/blocks.js';
import { colors } from './styles/colors.js';
import { FORMS } from './styles/forms.js';

/** The one stylesheet of all pages (docs/pages.md). @param brandColor `#rrggbb` */
export const stylesheet = (brandColor: string): string => `${colors(brandColor)}${BASE}${FORMS}${BLOCKS}`;
