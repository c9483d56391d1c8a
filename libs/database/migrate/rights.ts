import type { Client } from 'pg';
import { DatabaseProblem } from '../errors/database-problem.js';

/**
 * Checks that the connected user can create the schema, or can work in it where it exists.
 * @throws DatabaseProblem with the missing GRANT
 */
export async function requireRights(client: Client, schema: string): Promise<void> {
  const { user, database, ...found } = await findRights(client, schema);
  const refuse = (what: string, grant: string): never => {
    const remedy = `As a superuser run: ${grant} TO ${client.escapeIdentifier(user)}.`;
    throw new DatabaseProblem(`User ${user} may not ${what}`, remedy);
  };
  const inSchema = `SCHEMA ${client.escapeIdentifier(schema)}`;
  if (!found.hasSchema) {
    if (found.createsSchemas) return;
    refuse(`create schema ${schema}`, `GRANT CREATE ON DATABASE ${client.escapeIdentifier(database)}`);
  }
  if (!found.hasTables && !found.createsTables) {
    refuse(`create tables in schema ${schema}`, `GRANT USAGE, CREATE ON ${inSchema}`);
  }
  if (!found.usesSchema) refuse(`use schema ${schema}`, `GRANT USAGE ON ${inSchema}`);
  if (found.closedTables.length > 0) {
    refuse(
      `read and write ${found.closedTables.join(', ')} in schema ${schema}`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN ${inSchema}`,
    );
  }
}

/**
 * Checks that the connected user of a replica can read the schema, where it exists.
 * @throws DatabaseProblem with the missing GRANTs
 */
export async function requireReadable(client: Client, schema: string): Promise<void> {
  const { rows } = await client.query<{ user: string; isReadable: boolean }>(
    `SELECT current_user AS "user", has_schema_privilege(s.oid, 'USAGE')
       AND coalesce(bool_and(has_table_privilege(t.oid, 'SELECT')), true) AS "isReadable"
     FROM pg_namespace s
     LEFT JOIN pg_class t ON t.relnamespace = s.oid AND t.relkind IN ('r', 'p') AND NOT t.relispartition
     WHERE s.nspname = $1 GROUP BY s.oid`,
    [schema],
  );
  const [found] = rows;
  if (!found || found.isReadable) return;
  const [inSchema, user] = [schema, found.user].map((name) => client.escapeIdentifier(name));
  throw new DatabaseProblem(
    `User ${found.user} may not read schema ${schema}`,
    `As a superuser of the primary run: GRANT USAGE ON SCHEMA ${inSchema} TO ${user}; GRANT SELECT ON ALL TABLES IN SCHEMA ${inSchema} TO ${user}.`,
  );
}

interface Rights {
  user: string;
  database: string;
  hasSchema: boolean;
  hasTables: boolean;
  createsSchemas: boolean;
  createsTables: boolean;
  usesSchema: boolean;
  /**
   * Tables that the user cannot read and write; `migrations` only has to be readable, the audit log not to be changed.
   * Partitions are used with the rights on their table.
   */
  closedTables: string[];
}

async function findRights(client: Client, schema: string): Promise<Rights> {
  const { rows } = await client.query<Rights>(
    `SELECT current_user AS "user", current_database() AS "database", s.oid IS NOT NULL AS "hasSchema",
       count(t.oid) > 0 AS "hasTables",
       has_database_privilege(current_database(), 'CREATE') AS "createsSchemas",
       coalesce(has_schema_privilege(s.oid, 'CREATE'), false) AS "createsTables",
       coalesce(has_schema_privilege(s.oid, 'USAGE'), false) AS "usesSchema",
       coalesce(array_agg(t.relname::text ORDER BY t.relname) FILTER (WHERE NOT (
         has_table_privilege(t.oid, 'SELECT') AND (t.relname = 'migrations' OR
         has_table_privilege(t.oid, 'INSERT') AND (t.relname = 'audit_events' OR
         has_table_privilege(t.oid, 'UPDATE') AND has_table_privilege(t.oid, 'DELETE'))))), '{}') AS "closedTables"
     FROM (SELECT $1::text AS name) AS wanted
     LEFT JOIN pg_namespace s ON s.nspname = wanted.name
     LEFT JOIN pg_class t ON t.relnamespace = s.oid AND t.relkind IN ('r', 'p') AND NOT t.relispartition
     GROUP BY s.oid`,
    [schema],
  );
  return rows[0] as Rights;
}
