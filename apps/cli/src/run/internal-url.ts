import { createServer } from 'node:net';
import type { Environment } from '#libs/config/environment.js';
import { SettingsReader } from '#libs/config/settings-reader.js';
import type { ChosenApps } from '../chosen-apps.js';
import { isSet } from '../development/is-set.js';

const ANY = ['0.0.0.0', '::'];

/**
 * The environment in which identity-provider can be found: a `PORT` of 0 becomes a free one, since issuer and URL are
 * derived from it before anything listens; and where both apps run in this process on an address of their own,
 * user-service looks for identity-provider there and not on loopback.
 */
export async function withReachableIdentityProvider(
  env: Environment,
  apps: ChosenApps,
): Promise<Environment> {
  const reserved = apps !== 'user-service' && env['PORT']?.trim() === '0' ? { PORT: await freePort() } : {};
  const known: Environment = { ...env, ...reserved };
  if (apps !== 'all' || isSet(known, 'IDENTITY_PROVIDER_URL') || !isSet(known, 'HOST')) return known;
  const reader = new SettingsReader(known);
  const [host, port] = [reader.optional('HOST'), reader.optional('PORT')];
  // A fault is reported with all others, later.
  if (!host || port === undefined || ANY.includes(host)) return known;
  return { ...known, IDENTITY_PROVIDER_URL: `http://${host.includes(':') ? `[${host}]` : host}:${port}` };
}

function freePort(): Promise<string> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(String(port)));
    });
  });
}
