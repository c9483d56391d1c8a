import type { QueryRunner } from 'typeorm';

/** How long the functions below wait for a lock. Inserts queue behind them meanwhile. */
const LOCK_TIMEOUT = '500ms';

/**
 * Creates `audit_events`, partitioned by month (UTC), with the functions that create and drop its partitions. They run as
 * the owner of the table, so that the application's role needs no rights on it but SELECT and INSERT.
 * @see docs/decisions/audit.md
 */
export async function createAuditEvents(db: QueryRunner, schema: string): Promise<void> {
  await db.query(`
    CREATE TABLE ${schema}.audit_events (
      at timestamptz(3) NOT NULL DEFAULT statement_timestamp(),
      id uuid NOT NULL,
      action text COLLATE "C" NOT NULL,
      outcome text COLLATE "C" NOT NULL
        CONSTRAINT audit_events_outcome_check CHECK (outcome IN ('success', 'failure')),
      actor_issuer text COLLATE "C",
      actor_sub text COLLATE "C",
      actor_name text,
      target_type text COLLATE "C",
      target_id text COLLATE "C",
      client_id text,
      session_id text,
      address text,
      user_agent text,
      request_id text,
      details jsonb NOT NULL DEFAULT '{}',
      PRIMARY KEY (at, id)
    ) PARTITION BY RANGE (at);
    CREATE INDEX audit_events_action_at_id_idx ON ${schema}.audit_events (action, at, id);
    CREATE INDEX audit_events_outcome_at_id_idx ON ${schema}.audit_events (outcome, at, id);
    CREATE INDEX audit_events_actor_sub_at_id_idx ON ${schema}.audit_events (actor_sub, at, id);
    CREATE INDEX audit_events_target_id_at_id_idx ON ${schema}.audit_events (target_id, at, id);
    CREATE TABLE ${schema}.audit_events_default PARTITION OF ${schema}.audit_events DEFAULT;
  `);
  await refuseChanges(db, schema);
  await db.query(createPartitions(schema));
  await db.query(dropPartitions(schema));
  await db.query(`SELECT ${schema}.create_audit_partitions()`);
}

export async function dropAuditEvents(db: QueryRunner, schema: string): Promise<void> {
  await db.query(`
    DROP FUNCTION ${schema}.drop_audit_partitions(integer);
    DROP FUNCTION ${schema}.create_audit_partitions();
    DROP TABLE ${schema}.audit_events;
    DROP FUNCTION ${schema}.refuse_audit_change();
  `);
}

/** Row triggers are cloned to all partitions. Postgres has only statement triggers for TRUNCATE, one for each table. */
async function refuseChanges(db: QueryRunner, schema: string): Promise<void> {
  await db.query(`
    CREATE FUNCTION ${schema}.refuse_audit_change() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
      BEGIN
        RAISE EXCEPTION 'audit events are append-only: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
      END
    $$;
    CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE ON ${schema}.audit_events
      FOR EACH ROW EXECUTE FUNCTION ${schema}.refuse_audit_change();
    CREATE TRIGGER audit_events_keep BEFORE TRUNCATE ON ${schema}.audit_events
      FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_audit_change();
    CREATE TRIGGER audit_events_keep BEFORE TRUNCATE ON ${schema}.audit_events_default
      FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_audit_change();
  `);
}

/** The partitions of this month and the next three. A month whose events are in the default partition stays there. */
const createPartitions = (schema: string) => `
  CREATE FUNCTION ${schema}.create_audit_partitions() RETURNS SETOF text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '${LOCK_TIMEOUT}' AS $$
    DECLARE
      month_start timestamp;
      partition text;
    BEGIN
      PERFORM pg_advisory_xact_lock(hashtextextended('twinkey ${schema}.audit_events', 0));
      FOR months_ahead IN 0..3 LOOP
        month_start := date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => months_ahead);
        partition := to_char(month_start, '"audit_events_"YYYY_MM');
        CONTINUE WHEN to_regclass(format('${schema}.%I', partition)) IS NOT NULL;
        BEGIN
          EXECUTE format(
            'CREATE TABLE ${schema}.%I PARTITION OF ${schema}.audit_events FOR VALUES FROM (%L) TO (%L)',
            partition, month_start AT TIME ZONE 'UTC', (month_start + interval '1 month') AT TIME ZONE 'UTC');
          EXECUTE format(
            'CREATE TRIGGER audit_events_keep BEFORE TRUNCATE ON ${schema}.%I
              FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_audit_change()', partition);
          RETURN NEXT partition;
        EXCEPTION WHEN check_violation THEN
          NULL;
        END;
      END LOOP;
    END
  $$;`;

/**
 * Drops each partition whose newest possible event is older than the given days; the default partition is replaced by an
 * empty one if all its events are.
 */
const dropPartitions = (schema: string) => `
  CREATE FUNCTION ${schema}.drop_audit_partitions(retention_days integer) RETURNS SETOF text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '${LOCK_TIMEOUT}' AS $$
    DECLARE
      cutoff timestamptz := now() - make_interval(days => retention_days);
      partition text;
    BEGIN
      IF retention_days < 30 THEN
        RAISE EXCEPTION 'audit events are kept for at least 30 days' USING ERRCODE = 'invalid_parameter_value';
      END IF;
      PERFORM pg_advisory_xact_lock(hashtextextended('twinkey ${schema}.audit_events', 0));
      FOR partition IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = '${schema}.audit_events'::regclass AND c.relname ~ '^audit_events_[0-9]{4}_[0-9]{2}$'
          AND (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' <= cutoff
        ORDER BY c.relname
      LOOP
        EXECUTE format('DROP TABLE ${schema}.%I', partition);
        RETURN NEXT partition;
      END LOOP;
      IF EXISTS (SELECT FROM ${schema}.audit_events_default WHERE at < cutoff) THEN
        LOCK TABLE ${schema}.audit_events IN ACCESS EXCLUSIVE MODE;
        IF NOT EXISTS (SELECT FROM ${schema}.audit_events_default WHERE at >= cutoff) THEN
          DROP TABLE ${schema}.audit_events_default;
          CREATE TABLE ${schema}.audit_events_default PARTITION OF ${schema}.audit_events DEFAULT;
          CREATE TRIGGER audit_events_keep BEFORE TRUNCATE ON ${schema}.audit_events_default
            FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_audit_change();
          RETURN NEXT 'audit_events_default';
        END IF;
      END IF;
    END
  $$;`;
