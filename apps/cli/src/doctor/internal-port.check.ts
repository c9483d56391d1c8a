import { SettingsError } from '#libs/config/settings-error.js';
import { SettingsReader, whole } from '#libs/config/settings-reader.js';
import { isLoopbackAddress, isLoopbackHost } from '#libs/http/application/loopback.js';
import { type DoctorCheck, type Examined, ok, warning } from './check.js';

/** In production: whether the internal port answers anybody who reaches it. */
export async function checkInternalPort({ apps, env }: Examined): Promise<DoctorCheck[]> {
  if (apps === 'identity-provider') return [];
  const reader = new SettingsReader(env);
  if (reader.environment !== 'production') return [];
  const name = 'internal-port';
  try {
    const { host, port, token } = reader.finish(
      whole({
        host: reader.required('USER_SERVICE_INTERNAL_HOST'),
        port: reader.required('USER_SERVICE_INTERNAL_PORT'),
        token: reader.optional('INTERNAL_API_TOKEN'),
      }),
    );
    if (token !== null) return [ok(name, `Port ${port} of ${host} asks for INTERNAL_API_TOKEN.`)];
    if (isLoopbackHost(host) || isLoopbackAddress(host))
      return [ok(name, `Port ${port} listens on ${host} alone.`)];
    return [
      warning(
        name,
        `Port ${port} of ${host} gives every profile to anybody who reaches it.`,
        'Set INTERNAL_API_TOKEN, here and in the services that call it; and close the port off (docs/deploying.md).',
      ),
    ];
  } catch (error) {
    // The settings' check tells what is wrong.
    if (error instanceof SettingsError) return [];
    throw error;
  }
}
