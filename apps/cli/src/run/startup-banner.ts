import { columns } from '../terminal-output.js';
import type { Running } from './start.js';

/** The text that is printed in development after the start. */
export function startupBanner({ addresses, demoAccounts, notes }: Running): string {
  return [
    '',
    'Twinkey is running:',
    columns(addresses.map(({ label, url }) => [` `, label, url])),
    ...(demoAccounts.length > 0 ? ['', 'Demo accounts, unless their passwords were changed:'] : []),
    ...demoAccounts.map(({ email, password }) => `   ${email} / ${password}`),
    ...(notes.length > 0 ? [''] : []),
    ...notes,
    '',
    'Ctrl-C stops it.',
    '',
  ].join('\n');
}
