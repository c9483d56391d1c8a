import { type Environment, isSet } from '#libs/config/environment.js';
import { SettingsReader } from '#libs/config/settings-reader.js';
import { findFreePort } from '#libs/core/free-port.js';
import type { ChosenApps } from '../chosen-apps.js';

const ALL_ADDRESSES = ['0.0.0.0', '::'];

/**
 * Makes identity-provider reachable for user-service. `PORT=0` is replaced by a free port, because issuer and URL are
 * derived from it before the app listens. If both apps run in this process and `HOST` is a specific address,
 * `IDENTITY_PROVIDER_URL` is set to that address instead of loopback.
 */
export async function withReachableIdentityProvider(
  env: Environment,
  apps: ChosenApps,
): Promise<Environment> {
  const isAnyPort = apps !== 'user-service' && env['PORT']?.trim() === '0';
  const reserved = isAnyPort ? { PORT: String(await findFreePort()) } : {};
  const known: Environment = { ...env, ...reserved };
  if (apps !== 'all' || isSet(known, 'IDENTITY_PROVIDER_URL') || !isSet(known, 'HOST')) return known;
  const reader = new SettingsReader(known);
  const [host, port] = [reader.optional('HOST'), reader.optional('PORT')];
  // Invalid values are reported later, with all others.
  if (!host || port === undefined || ALL_ADDRESSES.includes(host)) return known;
  return { ...known, IDENTITY_PROVIDER_URL: `http://${host.includes(':') ? `[${host}]` : host}:${port}` };
}
