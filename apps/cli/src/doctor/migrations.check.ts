import { environmentName } from '#libs/config/environment.js';
import { migrationsOf, type Schema } from '../migrate/schemas.js';
import { broken, type DoctorCheck, type Examined, ok, skipped, warning } from './check.js';
import { schemasIn } from './database.check.js';

const REMEDY = 'Run twinkey migrate.';

/** Whether each schema is as this build wants it. */
export async function checkMigrations(examined: Examined): Promise<DoctorCheck[]> {
  const isDevelopment = environmentName(examined.env) === 'development';
  return Promise.all(schemasIn(examined).map((schema) => checkSchema(schema, isDevelopment)));
}

async function checkSchema(schema: Schema, isDevelopment: boolean): Promise<DoctorCheck> {
  const name = `migrations.${schema.name}`;
  try {
    const { pending, schemas } = await migrationsOf([schema]);
    const newer = schemas.flatMap(({ migrations }) => migrations).filter(({ known }) => !known).length;
    if (pending > 0) {
      return isDevelopment
        ? warning(name, `${pending} pending; the next start applies them.`, REMEDY)
        : broken(name, `${pending} pending: the apps do not start.`, REMEDY);
    }
    return newer > 0
      ? warning(name, `${newer} applied by a newer build than this one.`, 'Update this build soon.')
      : ok(name, 'Up to date.');
  } catch {
    return skipped(name, 'The database cannot be used.');
  }
}
