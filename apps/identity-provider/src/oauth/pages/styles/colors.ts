import { contrast, legibleOn, textOn } from './contrast.js';

const LIGHT_CARD = '#ffffff';
const DARK_CARD = '#181b20';

/** The brand's color on a card: as it is in buttons, legible in links, and with an edge where the card swallows it. */
const brandOn = (card: string, brand: string): string => `
  --accent: ${legibleOn(card, brand)};
  --brand-edge: ${contrast(brand, card) >= 2 ? 'transparent' : 'var(--field)'};`;

/** @param brand `#rrggbb` */
export const colors = (brand: string): string => `:root {
  color-scheme: light dark;
  --brand: ${brand};
  --on-brand: ${textOn(brand)};
  --brand-hover: color-mix(in srgb, var(--brand), ${textOn(brand) === '#ffffff' ? '#000' : '#fff'} 12%);
${brandOn(LIGHT_CARD, brand)}
  --page: #f5f6f8;
  --card: ${LIGHT_CARD};
  --input: #ffffff;
  --line: #e2e5ea;
  --field: #868e9b;
  --text: #15181d;
  --muted: #555d6b;
  --danger: #b42318;
  --info-area: #eff3fa;
  --success: #13693d;
  --success-area: #ebf7f0;
  --warning: #7a4d00;
  --warning-area: #fdf5e2;
  --error-area: #fdf0ef;
  --shadow: 0 1px 2px rgb(16 24 40 / .05), 0 8px 24px rgb(16 24 40 / .06);
}

@media (prefers-color-scheme: dark) {
  :root {
${brandOn(DARK_CARD, brand)}
    --page: #0e1013;
    --card: ${DARK_CARD};
    --input: #111418;
    --line: #2c313a;
    --field: #78818f;
    --text: #eceef1;
    --muted: #a6aebb;
    --danger: #ff9c92;
    --info-area: #202631;
    --success: #7bd9a4;
    --success-area: #17291f;
    --warning: #f0c36a;
    --warning-area: #2c2516;
    --error-area: #341d1c;
    --shadow: none;
  }
}
`;
