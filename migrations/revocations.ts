/**
 * The table `revocations` of a schema, which feeds `GET /authority`, with the functions that write it.
 * - `changed_by` is the transaction that wrote the row last: readers ask for rows from the oldest running transaction on,
 *   so that no late commit is missed. Sequence numbers would not have the order of commits.
 * - `mark` is random: after a restore from a backup an unknown mark shows that a reader knows another history.
 * - `removed`: the revocation no longer holds. The row stays for a day, so that readers see the removal.
 *
 * The functions run with the rights of their owner: the previous build may use a role that cannot write the new table.
 * @param kinds of what can be revoked
 */
export const createRevocations = (schema: 'identity' | 'users', channel: string, kinds: string[]): string => `
  CREATE TABLE ${schema}.revocations (
    issuer text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL
      CONSTRAINT revocations_kind_check CHECK (kind IN (${kinds.map((kind) => `'${kind}'`).join(', ')})),
    id text COLLATE "C" NOT NULL,
    issued_before timestamptz(3),
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    expires_at timestamptz(3),
    removed boolean NOT NULL DEFAULT false,
    changed_by bigint NOT NULL,
    mark uuid NOT NULL,
    PRIMARY KEY (issuer, kind, id)
  );
  CREATE INDEX revocations_changed_by_idx ON ${schema}.revocations (changed_by);
  CREATE INDEX revocations_expires_at_idx ON ${schema}.revocations (expires_at);

  CREATE TABLE ${schema}.authority_feed (
    id boolean PRIMARY KEY DEFAULT true CONSTRAINT authority_feed_id_check CHECK (id),
    origin uuid NOT NULL,
    started_at timestamptz(3) NOT NULL
  );
  INSERT INTO ${schema}.authority_feed (origin, started_at) VALUES (gen_random_uuid(), now());

  CREATE FUNCTION ${schema}.mark_revocation() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      NEW.changed_by := pg_current_xact_id()::text::bigint;
      NEW.mark := gen_random_uuid();
      RETURN NEW;
    END
  $$;
  CREATE TRIGGER revocations_mark BEFORE INSERT OR UPDATE ON ${schema}.revocations
    FOR EACH ROW EXECUTE FUNCTION ${schema}.mark_revocation();

  CREATE FUNCTION ${schema}.notify_authority() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_notify('${channel}', '');
      RETURN NULL;
    END
  $$;
  CREATE TRIGGER revocations_notify AFTER INSERT OR UPDATE ON ${schema}.revocations
    FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.notify_authority();

  -- A null (every token, or no end) and the later time win over what is known.
  CREATE FUNCTION ${schema}.revoke(
    of_issuer text, of_kind text, of_id text, tokens_before timestamptz, until timestamptz
  ) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO ${schema}.revocations AS known (issuer, kind, id, issued_before, expires_at)
    VALUES (of_issuer, of_kind, of_id, tokens_before, until)
    ON CONFLICT (issuer, kind, id) DO UPDATE SET
      removed = false,
      created_at = now(),
      issued_before = CASE
        WHEN known.removed OR known.expires_at <= now() THEN excluded.issued_before
        WHEN known.issued_before IS NULL OR excluded.issued_before IS NULL THEN NULL
        ELSE greatest(known.issued_before, excluded.issued_before) END,
      expires_at = CASE
        WHEN known.removed OR known.expires_at <= now() THEN excluded.expires_at
        WHEN known.expires_at IS NULL OR excluded.expires_at IS NULL THEN NULL
        ELSE greatest(known.expires_at, excluded.expires_at) END;
  $$;

  CREATE FUNCTION ${schema}.remove_revocation(of_issuer text, of_kind text, of_id text)
  RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE ${schema}.revocations SET removed = true, expires_at = now() + interval '1 day'
    WHERE issuer = of_issuer AND kind = of_kind AND id = of_id AND NOT removed;
  $$;
`;

export const dropRevocations = (schema: 'identity' | 'users'): string => `
  DROP TABLE ${schema}.revocations, ${schema}.authority_feed;
  DROP FUNCTION ${schema}.mark_revocation, ${schema}.notify_authority, ${schema}.revoke, ${schema}.remove_revocation;
`;
