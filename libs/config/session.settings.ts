import type { SessionSettings } from './settings.js';
import { complete, type SettingsReader } from './settings-reader.js';

export function sessionSettings(reader: SettingsReader): SessionSettings | undefined {
  return complete({
    accessTokenSeconds: reader.optional('ACCESS_TOKEN_MINUTES'),
    refreshTokenSeconds: reader.optional('REFRESH_TOKEN_DAYS'),
    maxSeconds: reader.required('SESSION_MAX_DAYS'),
  });
}

/**
 * The longest life of a native access token that is accepted, in seconds. `JWT_EXPIRATION_DAYS` counts also where
 * `ACCESS_TOKEN_MINUTES` is set, so that the older tokens stay valid when it is set for the first time.
 */
export function maxTokenLifetime(reader: SettingsReader): number | undefined {
  const usual = reader.required('JWT_EXPIRATION_DAYS');
  const own = reader.optional('ACCESS_TOKEN_MINUTES');
  return usual === undefined || own === undefined ? undefined : Math.max(usual, own ?? 0);
}
