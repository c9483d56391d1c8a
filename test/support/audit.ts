import type { DataSource } from 'typeorm';

/** A row of the audit log as SQL returns it. */
export interface AuditRow {
  id: string;
  at: Date;
  action: string;
  outcome: string;
  actor_issuer: string | null;
  actor_sub: string | null;
  actor_name: string | null;
  target_type: string | null;
  target_id: string | null;
  client_id: string | null;
  session_id: string | null;
  address: string | null;
  user_agent: string | null;
  request_id: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: tests assert what they read
  details: any;
}

/** The schema's events, the oldest first. Read before and after a request, they show what it has written. */
export function auditRows(database: DataSource, where = 'true', ...values: unknown[]): Promise<AuditRow[]> {
  const { schema } = database.options as { schema?: string };
  return database.query(`SELECT * FROM ${schema}.audit_events WHERE ${where} ORDER BY at, id`, values);
}

/** The events that `work` causes. Other requests must not run at the same time. */
export async function eventsDuring(database: DataSource, work: () => Promise<unknown>): Promise<AuditRow[]> {
  const known = new Set((await auditRows(database)).map(({ id }) => id));
  await work();
  return (await auditRows(database)).filter(({ id }) => !known.has(id));
}

/** Makes every insert into the schema's audit log fail while `work` runs. */
export async function whileAuditFails<T>(database: DataSource, work: () => Promise<T>): Promise<T> {
  const { schema } = database.options as { schema?: string };
  await database.query(`
    CREATE FUNCTION ${schema}.fail_audit() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'the audit log is full'; END $$;
    CREATE TRIGGER fail_audit BEFORE INSERT ON ${schema}.audit_events
      FOR EACH ROW EXECUTE FUNCTION ${schema}.fail_audit()`);
  try {
    return await work();
  } finally {
    await database.query(`
      DROP TRIGGER fail_audit ON ${schema}.audit_events;
      DROP FUNCTION ${schema}.fail_audit()`);
  }
}
