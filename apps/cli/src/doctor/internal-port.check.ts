import { SettingsError } from '#libs/config/settings-error.js';
import { complete, SettingsReader } from '#libs/config/settings-reader.js';
import { isLoopbackAddress, isLoopbackHost } from '#libs/http/application/loopback.js';
import { type CheckContext, type DoctorCheck, ok, warning } from './check.js';

/** Checks in production that the internal port is not open to unauthenticated callers. */
export async function checkInternalPort({ apps, env }: CheckContext): Promise<DoctorCheck[]> {
  if (apps === 'identity-provider') return [];
  const reader = new SettingsReader(env);
  if (reader.environment !== 'production') return [];
  const name = 'internal-port';
  try {
    const { host, port, token } = reader.finish(
      complete({
        host: reader.required('USER_SERVICE_INTERNAL_HOST'),
        port: reader.required('USER_SERVICE_INTERNAL_PORT'),
        token: reader.optional('INTERNAL_API_TOKEN'),
      }),
    );
    if (token !== null) return [ok(name, `Port ${port} of ${host} requires INTERNAL_API_TOKEN.`)];
    if (isLoopbackHost(host) || isLoopbackAddress(host))
      return [ok(name, `Port ${port} listens on ${host} only.`)];
    return [
      warning(
        name,
        `Port ${port} of ${host} returns every profile without authentication.`,
        'Set INTERNAL_API_TOKEN here and in the services that call this port, and block public access to it (docs/deploying.md).',
      ),
    ];
  } catch (error) {
    // Reported by the settings check.
    if (error instanceof SettingsError) return [];
    throw error;
  }
}
