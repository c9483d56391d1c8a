import { columns } from '../terminal.js';
import type { Running } from './start.js';

/** What a developer wants to know once everything runs. */
export function startupBanner({ addresses, demoAccounts, notes }: Running): string {
  return [
    '',
    'Twinkey runs:',
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
