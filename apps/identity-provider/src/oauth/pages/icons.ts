import { Html } from './html.js';

const icon = (paths: string): Html =>
  new Html(
    `<svg width="20" height="20" viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${paths}</svg>`,
  );

/** Drawn in the color of their text, and not read by screen readers. */
export const ICONS = {
  check: icon('<path d="m4.5 10.5 3.5 3.5 7.5-8"/>'),
  info: icon('<circle cx="10" cy="10" r="7.5"/><path d="M10 9.5v4M10 6.5v.01"/>'),
  success: icon('<circle cx="10" cy="10" r="7.5"/><path d="m6.75 10.25 2.25 2.25 4.25-4.75"/>'),
  warning: icon('<path d="M10 3 2.25 16.5h15.5z"/><path d="M10 8v4M10 14.25v.01"/>'),
  error: icon('<circle cx="10" cy="10" r="7.5"/><path d="M10 6.25v4.5M10 13.5v.01"/>'),
};
