import type { DatabaseSettings } from './settings.js';
import { complete, type SettingsReader } from './settings-reader.js';

/** The prefix of an app's own database variables. */
export type DatabasePrefix = 'IDENTITY' | 'USER';

/** How an app reaches its database; the URL of its pool is `{prefix}_DATABASE_URL`. */
export function databaseSettings(
  reader: SettingsReader,
  prefix: DatabasePrefix,
): DatabaseSettings | undefined {
  const pooled = reader.required('DATABASE_POOLED');
  const given = ownOrShared(reader, prefix, 'DIRECT_URL');
  const directUrl = given === null && !pooled ? reader.optional(`${prefix}_DATABASE_URL`) : given;
  return complete({
    pooled,
    directUrl,
    replicaUrl: ownOrShared(reader, prefix, 'REPLICA_URL'),
    replicaMaxLagSeconds: reader.required('DATABASE_REPLICA_MAX_LAG_SECONDS'),
  });
}

/** A shared variable belongs to `DATABASE_URL`: it must not be used for a database of the app's own. */
function ownOrShared(
  reader: SettingsReader,
  prefix: DatabasePrefix,
  name: 'DIRECT_URL' | 'REPLICA_URL',
): string | null | undefined {
  const own = reader.optional(`${prefix}_DATABASE_${name}`);
  if (own !== null || reader.isSet(`${prefix}_DATABASE_URL`)) return own;
  return reader.optional(`DATABASE_${name}`);
}
