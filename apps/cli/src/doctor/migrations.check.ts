import { environmentName } from '#libs/config/environment.js';
import { type DatabaseSchema, migrationsOf } from '../migrate/schema-migrations.js';
import { broken, type CheckContext, type DoctorCheck, ok, skipped, warning } from './check.js';
import { schemasIn } from './database.check.js';

const REMEDY = 'Run twinkey migrate.';

/** Checks that each schema has the migrations of this build. */
export async function checkMigrations(context: CheckContext): Promise<DoctorCheck[]> {
  const isDevelopment = environmentName(context.env) === 'development';
  return Promise.all(schemasIn(context).map((schema) => checkSchema(schema, isDevelopment)));
}

async function checkSchema(schema: DatabaseSchema, isDevelopment: boolean): Promise<DoctorCheck> {
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
      ? warning(name, `${newer} applied by a newer build.`, 'Update this build.')
      : ok(name, 'Up to date.');
  } catch {
    return skipped(name, 'The database cannot be used.');
  }
}
